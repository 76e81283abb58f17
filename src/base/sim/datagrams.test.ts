// Simulated datagrams: loss, delay, order, doubling, and the same accidents again from the same seed.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type LinkConditions, SimNet, seededRandom, VirtualClock } from './index.ts';

interface Heard {
  n: number;
  afterMs: number;
}

/** Sends one datagram every 20 ms and tells what arrived, and when after it was sent. */
async function send(conditions: Partial<LinkConditions>, count = 1000, seed = 'udp'): Promise<Heard[]> {
  const clock = new VirtualClock();
  const net = new SimNet({ clock, random: seededRandom(seed) });
  net.link({ to: '10.0.0.2' }, conditions);
  const near = await net.host('10.0.0.1').udp({ host: '10.0.0.1', port: 0 });
  const far = await net.host('10.0.0.2').udp({ host: '0.0.0.0', port: 4000 });
  const heard: Heard[] = [];
  const start = clock.now();
  far.onMessage = (data) => {
    const n = Buffer.from(data).readUInt32BE();
    heard.push({ n, afterMs: clock.now() - start - n * 20 });
  };
  const scratch = Buffer.alloc(4);
  for (let n = 0; n < count; n++) {
    scratch.writeUInt32BE(n);
    near.send(scratch, 4000, '10.0.0.2');
    await clock.runFor(20);
  }
  await clock.runUntilIdle();
  near.close();
  far.close();
  assert.deepEqual(net.open(), { udp: 0, tcpListeners: 0, tcpConnections: 0, web: 0 });
  return heard;
}

const outOfOrder = (heard: Heard[]): number => heard.filter((one, i) => i > 0 && one.n < heard[i - 1]!.n).length;

it('is perfect unless told otherwise', async () => {
  const heard = await send({}, 50);
  assert.deepEqual(
    heard,
    Array.from({ length: 50 }, (_, n) => ({ n, afterMs: 0 })),
  );
});

it('loses as many as it is told', async () => {
  const heard = await send({ lossRate: 0.2 });
  assert.ok(heard.length > 740 && heard.length < 860, `${heard.length}`);
  assert.equal((await send({ lossRate: 1 }, 20)).length, 0);
});

it('delays with jitter and keeps the order', async () => {
  const heard = await send({ delayMs: 50, jitterMs: 90 });
  assert.equal(heard.length, 1000);
  assert.equal(outOfOrder(heard), 0);
  const delays = heard.map((one) => one.afterMs);
  assert.ok(Math.min(...delays) >= 50 && Math.max(...delays) <= 141);
  assert.ok(Math.max(...delays) - Math.min(...delays) > 80);
});

it('reorders only when told to', async () => {
  const heard = await send({ delayMs: 10, reorderRate: 0.1, reorderMs: 50 });
  assert.equal(heard.length, 1000);
  assert.ok(outOfOrder(heard) > 60 && outOfOrder(heard) < 140, `${outOfOrder(heard)}`);
});

it('doubles', async () => {
  const heard = await send({ duplicateRate: 0.1 });
  assert.ok(heard.length > 1060 && heard.length < 1140, `${heard.length}`);
  assert.equal(new Set(heard.map((one) => one.n)).size, 1000);
});

it('has the same accidents again from the same seed, and others from another', async () => {
  const bad = { lossRate: 0.1, jitterMs: 30, delayMs: 5, reorderRate: 0.05, duplicateRate: 0.05 };
  assert.deepEqual(await send(bad, 300, 'a'), await send(bad, 300, 'a'));
  assert.notDeepEqual(await send(bad, 300, 'a'), await send(bad, 300, 'b'));
});

it('takes the narrowest rule, and takes rules back', async () => {
  const clock = new VirtualClock();
  const net = new SimNet({ clock, random: seededRandom(1) });
  const delay = (from: string, to: string): number => net.links.between(from, to).delayMs;
  net.link({ from: 'a', to: 'b' }, { delayMs: 3 });
  net.link({}, { delayMs: 1, lossRate: 0.5 });
  net.link({ from: 'a' }, { delayMs: 2 });
  assert.deepEqual([delay('a', 'b'), delay('a', 'c'), delay('b', 'a')], [3, 2, 1]);
  assert.equal(net.links.between('a', 'b').lossRate, 0.5);
  const back = net.link({ from: 'a', to: 'b' }, { delayMs: 9 });
  assert.equal(delay('a', 'b'), 9);
  back();
  assert.equal(delay('a', 'b'), 3);
});

it('keeps loopback inside the host, and ports apart', async () => {
  const clock = new VirtualClock();
  const net = new SimNet({ clock, random: seededRandom(1) });
  const one = net.host('10.0.0.1');
  const local = await one.udp({ host: '127.0.0.1', port: 5000 });
  const other = await net.host('10.0.0.2').udp({ host: '10.0.0.2', port: 0 });
  const near = await one.udp({ host: '0.0.0.0', port: 0 });
  const heard: string[] = [];
  local.onMessage = (data, from) => heard.push(`${Buffer.from(data)} from ${from.host}`);
  near.send(Buffer.from('inside'), 5000, '127.0.0.1');
  other.send(Buffer.from('outside'), 5000, '10.0.0.1');
  other.send(Buffer.from('own'), 5000, '127.0.0.1');
  await clock.runUntilIdle();
  assert.deepEqual(heard, ['inside from 127.0.0.1']);
  assert.deepEqual(net.open(), { udp: 3, tcpListeners: 0, tcpConnections: 0, web: 0 });
});
