// Applications that are slow, lying or broken, by the thousand, over the whole path: the conversation stays usable and nothing piles up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, type Message, politely, socketApp, stage, text } from '../../test/kit/applications.ts';
import { randomInt } from '../base/index.ts';
import { seededRandom } from '../base/sim/index.ts';

const url = 'wss://app.test/ws';
const random = seededRandom('robustness');
const pick = <T>(list: readonly T[]): T => list[randomInt(random, list.length)]!;

const garbage = (): string | Uint8Array => {
  const good = JSON.stringify({
    type: pick(['ack', 'command', 'x', 7, null]),
    msgid: 'm',
    command: pick(['', 'tag']),
    data: pick([null, {}, []]),
  });
  const at = randomInt(random, good.length);
  return pick<() => string | Uint8Array>([
    () => random.bytes(randomInt(random, 200)),
    () => good.slice(0, at),
    () => good.slice(0, at) + pick(['{', '"', '\u0000', '[[[[', '\ud800', '9'.repeat(400)]) + good.slice(at),
    () => Buffer.from(random.bytes(50)).toString('latin1'),
    () => '['.repeat(randomInt(random, 5000)),
    () => JSON.stringify({ type: 'command', command: 'tag', data: 'x'.repeat(randomInt(random, 20_000)) }),
    () => JSON.stringify({ type: 'ack', msgid: pick(['', 'unknown', 5, {}]), data: [] }),
  ])();
};

test('10,000 malformed messages: each is taken or refused, and the next hook is answered', async () => {
  const world = stage();
  const app = socketApp(world, url, politely);
  const { session, commands, ended, lost } = world.talk({ callHook: url });
  let events = 0;
  session.onEvent = () => events++;
  await world.clock.settle(session.request('session:new', undefined, { callSid: 'call-1' }));
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 500; i++) app.peer.send(garbage());
    await world.clock.runFor(1000);
    assert.deepEqual(await world.clock.settle(session.request('verb:hook', '/x', { round })), []);
  }
  assert.ok(commands.length > 500);
  // Refusals are reported ten times a second, not five hundred.
  assert.ok(events < 20 * 40, `${events} events`);
  assert.ok(app.got.length < 20 * 13, `${app.got.length} messages`);
  assert.deepEqual([ended, lost], [[], []]);
  await world.clock.settle(session.close());
  await world.clock.runFor(5000);
  assert.deepEqual(world.apps.stats(), { sessions: 0, sockets: 0 });
  assert.equal(world.clock.pendingTimers, 0);
});

test('2,000 webhooks with answers of every kind: an answer, nothing, or a Fault, and nothing is left', async () => {
  const { talk, clock, apps } = stage(() =>
    pick([
      () => text(Buffer.from(random.bytes(100)).toString('latin1'), 200, 'application/json'),
      () => text('{"verb":', 200, 'application/json'),
      () => text('', 200, 'application/json'),
      () => json([{ verb: 'hangup' }], pick([200, 201, 204, 302, 404, 500])),
      () => pick(['http-refused', 'http-reset', 'http-timeout', 'http-too-large', 'http-dns', 'http-failed']),
    ])(),
  );
  const { session } = talk({ statusHook: '/status' });
  const outcomes = new Map<string, number>();
  for (let i = 0; i < 2000; i++) {
    if (i % 10 === 0) session.notify('call:status', { i });
    const outcome = await clock
      .settle(session.request('verb:hook', `/x#rc=${i % 3}&rp=${pick(['ct', '5xx', 'all'])}`, { i }))
      .then(
        (answer) => (answer === undefined ? 'nothing' : 'answer'),
        (error: { code: string }) => error.code,
      );
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const known = ['answer', 'hook-connect', 'hook-json', 'hook-status', 'hook-timeout', 'hook-too-large', 'nothing'];
  assert.deepEqual([...outcomes.keys()].sort(), known);
  await clock.settle(session.close());
  assert.equal(apps.stats().sessions, 0);
  assert.equal(clock.pendingTimers, 0);
});

test('an application whose socket lives and dies at random: every hook is answered or fails in bounded time', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const world = stage();
    const { clock } = world;
    const mood = (message: Message): unknown => (randomInt(random, 4) === 0 ? undefined : politely(message));
    const app = socketApp(world, url, mood);
    const { session, lost } = world.talk({ callHook: url });
    const asked: Promise<unknown>[] = [session.request('session:new', undefined, { callSid: 'call-1' })];
    for (let step = 0; step < 15; step++) {
      app.server.state = pick(['up', 'up', 'up', 'refusing', 'hanging', 'resetting', 503]);
      if (randomInt(random, 3) === 0) app.server.kill();
      if (randomInt(random, 10) === 0) app.peers.at(-1)?.close(pick([1000, 1001, 1011]));
      if (randomInt(random, 3) === 0) app.peers.at(-1)?.send(garbage());
      session.notify('call:status', { step });
      asked.push(session.request('verb:hook', '/x', { step }));
      await clock.runFor(randomInt(random, 4000));
    }
    // Two whole outages: 43.5 s of waits and 8 handshakes of 1.5 s each, then an ack's 5 s.
    const settled = Promise.allSettled(asked);
    await clock.settle(settled, 2 * (43_500 + 8 * 1500 + 5000));
    for (const result of await settled) {
      if (result.status === 'rejected') assert.match(result.reason.code, /^hook-(closed|timeout|connect|status)$/);
    }
    assert.ok(lost.length <= 1);
    await clock.settle(session.close());
    await clock.runFor(10_000);
    assert.deepEqual(world.apps.stats(), { sessions: 0, sockets: 0 });
    assert.deepEqual([clock.pendingTimers, world.net.open().web], [0, 0]);
  }
});
