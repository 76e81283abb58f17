// Simulated streams: cut anywhere, refused, silent, half-dead, broken, and gone without a word.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Fault, type TcpConnection } from '../index.ts';
import { type SimHost, SimNet, seededRandom, VirtualClock } from './index.ts';

class Pair {
  readonly clock = new VirtualClock();
  readonly net: SimNet;
  readonly near: SimHost;
  readonly far: SimHost;
  readonly pieces: string[] = [];
  /** What happened at each end, with the time since the start. */
  readonly log: string[] = [];
  readonly #start = this.clock.now();

  constructor(seed = 'tcp') {
    this.net = new SimNet({ clock: this.clock, random: seededRandom(seed) });
    this.net.link({}, { delayMs: 10 });
    this.near = this.net.host('10.0.0.1');
    this.far = this.net.host('10.0.0.2');
  }

  async connect(): Promise<{ near: TcpConnection; far: TcpConnection }> {
    const listener = await this.far.tcpListen({ host: '10.0.0.2', port: 5060 });
    let far: TcpConnection | undefined;
    listener.onConnection = (connection) => {
      far = connection;
      far.onData = (data) => this.pieces.push(Buffer.from(data).toString());
      far.onClose = (error) => this.note('far', error);
    };
    const near = await this.clock.settle(this.near.tcpConnect(listener.local, { timeoutMs: 1000 }));
    near.onClose = (error) => this.note('near', error);
    await this.clock.runFor(0);
    return { near, far: far! };
  }

  note(end: string, error: Error | undefined): void {
    this.log.push(
      `${end} ${error instanceof Fault ? error.code : (error ?? 'closed')} ${Math.round(this.clock.now() - this.#start)}`,
    );
  }
}

it('cuts and joins what is sent at places drawn from the seed', async () => {
  const run = async (seed: string): Promise<string[]> => {
    const pair = new Pair(seed);
    const { near } = await pair.connect();
    for (let i = 0; i < 20; i++) {
      near.send(`message ${i};`);
      if (i % 3 === 0) await pair.clock.runFor(2);
    }
    await pair.clock.runUntilIdle();
    return pair.pieces;
  };
  const pieces = await run('a');
  const whole = Array.from({ length: 20 }, (_, i) => `message ${i};`).join('');
  assert.equal(pieces.join(''), whole);
  assert.ok(
    pieces.some((piece) => /;m/.test(piece)),
    'some are joined',
  );
  assert.ok(
    pieces.some((piece) => !piece.endsWith(';')),
    'some are cut',
  );
  assert.deepEqual(await run('a'), pieces);
  assert.notDeepEqual(await run('b'), pieces);
});

it('takes the time of the link, both ways', async () => {
  const pair = new Pair();
  const start = pair.clock.now();
  const { near, far } = await pair.connect();
  assert.equal(pair.clock.now() - start, 20);
  far.onData = () => far.send('pong');
  let at = 0;
  near.onData = () => {
    at ||= pair.clock.now() - start;
  };
  near.send('ping');
  await pair.clock.runUntilIdle();
  assert.ok(at >= 40 && at < 43, `${at}`);
});

it('gives no answer where nobody lives or everything vanishes', async () => {
  const pair = new Pair();
  const connect = (host: string): Promise<unknown> =>
    pair.clock.settle(pair.near.tcpConnect({ host, port: 5060 }, { timeoutMs: 1000 }));
  await assert.rejects(connect('10.0.0.99'), { code: 'tcp-timeout' });
  const back = pair.net.link({ from: '10.0.0.2' }, { blackhole: true });
  await assert.rejects(connect('10.0.0.2'), { code: 'tcp-timeout' });
  back();
  await assert.rejects(connect('10.0.0.2'), { code: 'tcp-refused' });
  assert.equal(pair.clock.pendingTimers, 0);
});

it('waits while the link is dead, and goes on where it was', async () => {
  const pair = new Pair();
  const { near } = await pair.connect();
  const heal = pair.net.link({ from: '10.0.0.1', to: '10.0.0.2' }, { blackhole: true });
  near.send('one');
  await pair.clock.runFor(5000);
  near.send('two');
  assert.deepEqual(pair.pieces, []);
  heal();
  await pair.clock.runFor(10_000);
  assert.equal(pair.pieces.join(''), 'onetwo');
  assert.deepEqual(pair.log, []);
});

it('gives a dead peer up after a quarter of an hour, or at once when too much is queued', async () => {
  const pair = new Pair();
  const first = await pair.connect();
  pair.net.link({ to: '10.0.0.2' }, { blackhole: true });
  first.near.send('anyone?');
  await pair.clock.runFor(1_200_000);
  assert.match(pair.log.join(), /^near tcp-timeout 924630$/);
  const next = new Pair();
  const second = await next.connect();
  next.net.link({ to: '10.0.0.2' }, { blackhole: true });
  let sent = 0;
  while (second.near.send(Buffer.alloc(100_000))) sent++;
  assert.equal(sent, 11);
  await next.clock.runFor(0);
  assert.match(next.log.join(), /^near tcp-slow 20$/);
});

it('breaks at both ends when reset', async () => {
  const pair = new Pair();
  const { near } = await pair.connect();
  pair.far.resetTcp();
  await pair.clock.runFor(10);
  assert.deepEqual(pair.log.sort(), ['far tcp-reset 20', 'near tcp-reset 20']);
  assert.equal(near.send('x'), false);
});

it('notices a crashed peer only when it sends', async () => {
  const pair = new Pair();
  const { near } = await pair.connect();
  pair.far.crash();
  await pair.clock.runFor(60_000);
  assert.deepEqual(pair.log, []);
  assert.equal(near.send('hello?'), true);
  await pair.clock.runFor(100);
  assert.deepEqual(pair.log, ['near tcp-reset 60040']);
  assert.deepEqual(pair.net.open(), { udp: 0, tcpListeners: 0, tcpConnections: 0, web: 0 });
});

it('does not wait for ever for the other half of a close', async () => {
  const pair = new Pair();
  const { near } = await pair.connect();
  pair.net.link({ from: '10.0.0.2' }, { blackhole: true });
  near.close();
  await pair.clock.runFor(1000);
  assert.deepEqual(pair.log, ['far closed 30']);
  await pair.clock.runFor(2000);
  assert.deepEqual(pair.log, ['far closed 30', 'near closed 2020']);
  await pair.clock.runUntilIdle();
  assert.equal(pair.clock.pendingTimers, 0);
});
