// The life of an application's socket: loss and return, closing by either side, giving up (app-interfaces.md 4.7).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Message, politely, socketApp, stage } from '../../test/kit/applications.ts';

const url = 'wss://app.test/ws';

function conversation(reply: (message: Message) => unknown = politely, fragment = '') {
  const world = stage();
  const app = socketApp(world, url, reply);
  const call = world.talk({ callHook: url + fragment });
  const payload = { callSid: 'call-1', from: '100' };
  const begin = () => world.clock.settle(call.session.request('session:new', undefined, payload));
  return { ...world, ...call, app, begin, payload };
}

describe('a lost socket', () => {
  test('comes back after 500 ms with session:reconnect and the data of session:new; other messages wait for its ack', async () => {
    let hold: Message | undefined;
    const { app, begin, session, clock } = conversation((message) => {
      if (message.type !== 'session:reconnect') return politely(message);
      hold = message;
      return undefined;
    });
    await begin();
    await clock.runFor(1000);
    const lostAt = clock.now();
    app.server.kill();
    await clock.runFor(10);
    const asked = session.request('verb:hook', '/x', { n: 1 });
    session.notify('call:status', { callStatus: 'in-progress' });
    await clock.runFor(2000);
    assert.deepEqual(app.types(), ['session:new', 'session:reconnect']);
    assert.equal(app.got[1]!.at - lostAt, 500);
    assert.equal(app.got[1]!.call_sid, 'call-1');
    assert.deepEqual(app.got[1]!.data, app.got[0]!.data);
    app.send({ type: 'ack', msgid: hold!.msgid, data: [{ verb: 'hangup' }] });
    assert.deepEqual(await clock.settle(asked), []);
    assert.deepEqual(app.types(), ['session:new', 'session:reconnect', 'verb:hook', 'call:status']);
    assert.equal(session.ended, false);
  });

  test('fails the hooks that were waiting for an ack', async () => {
    const { app, begin, session, events, clock } = conversation((m) =>
      m.type === 'verb:hook' ? undefined : politely(m),
    );
    await begin();
    const asked = session.request('verb:hook', '/x', {});
    await clock.runFor(10);
    app.server.kill();
    await assert.rejects(clock.settle(asked), { code: 'hook-closed' });
    const failed = events.find((event) => event.type === 'hook-failed');
    assert.match(failed!.fault.message, /^abandoning msgid \w+ since socket is closed$/);
  });

  test('before session:new was acknowledged: the ack of session:reconnect, with its verbs, is that of session:new', async () => {
    const { app, session, clock, payload } = conversation((message) =>
      message.type === 'session:reconnect' ? [{ verb: 'hangup' }] : undefined,
    );
    const asked = session.request('session:new', undefined, payload);
    await clock.runFor(4000);
    app.server.state = 'refusing';
    app.server.kill();
    // Past the 5 s in which session:new wanted its ack.
    await clock.runFor(3000);
    app.server.state = 'up';
    assert.deepEqual(await clock.settle(asked), [{ verb: 'hangup' }]);
    assert.deepEqual(app.types(), ['session:new', 'session:reconnect']);
  });

  test('waits 500, 1000, 2000, 4000, 6000, 8000, 10000, 12000 ms for a server that is away, then gives up', async () => {
    const { app, begin, session, events, ended, lost, clock } = conversation();
    await begin();
    app.server.state = 'refusing';
    app.server.kill();
    await clock.runFor(1);
    const asked = session.request('verb:hook', '/x', {});
    const start = clock.now();
    await assert.rejects(clock.settle(asked), { code: 'hook-connect' });
    const failed = events.filter((event) => event.type === 'socket-failed');
    assert.deepEqual(
      failed.map((event) => event.retryInMs),
      [1000, 2000, 4000, 6000, 8000, 10_000, 12_000, undefined],
    );
    assert.equal(clock.now() - start, 43_500 - 1);
    assert.deepEqual([session.ended, ended.length, lost.length], [true, 1, 0]);
    await assert.rejects(clock.settle(session.request('verb:hook', '/x', {})), { code: 'hook-closed' });
    assert.equal(clock.pendingTimers, 0);
  });

  test('returns whenever the server does', async () => {
    const { app, begin, session, clock } = conversation();
    await begin();
    app.server.state = 'refusing';
    app.server.kill();
    await clock.runFor(1);
    const asked = session.request('verb:hook', '/x', {});
    await clock.runFor(20_000);
    app.server.state = 'up';
    assert.deepEqual(await clock.settle(asked), []);
  });

  test('a server that refuses the upgrade means it', async () => {
    const { app, begin, ended, clock } = conversation();
    await begin();
    app.server.state = 403;
    app.server.kill();
    await clock.runFor(600);
    assert.equal(ended.length, 1);
  });

  for (const [fragment, connections] of [
    ['', 5],
    ['#rc=2', 2],
    ['#rc=1', 1],
  ] as const) {
    test(`at most ${connections} connections with "${fragment}"`, async () => {
      const { app, begin, ended, clock } = conversation(politely, fragment);
      await begin();
      for (let i = 0; i < 6; i++) {
        app.server.kill();
        await clock.runFor(1000);
      }
      assert.equal(app.peers.length, connections);
      assert.equal(ended.length, 1);
    });
  }

  test('session:reconnect without an ack in 5 s: the call is lost, its hooks fail', async () => {
    const { app, begin, session, lost, ended, events, clock } = conversation((message) =>
      message.type === 'session:reconnect' ? undefined : politely(message),
    );
    await begin();
    app.server.kill();
    await clock.runFor(10);
    const start = clock.now();
    await assert.rejects(clock.settle(session.request('verb:hook', '/x', {})), { code: 'hook-timeout' });
    assert.equal(clock.now() - start, 490 + 5000);
    assert.deepEqual([lost.length, ended.length, session.ended], [1, 0, true]);
    assert.equal(events.filter((event) => event.type === 'alert').length, 1);
    await clock.runFor(1);
    assert.equal(app.closes.at(-1)?.[0], 1001);
  });

  test('early statuses alone do not reconnect: the next message does', async () => {
    const { app, begin, session, clock } = conversation();
    session.notify('call:status', { callStatus: 'trying' });
    await clock.runFor(10);
    app.server.kill();
    await clock.runFor(20_000);
    assert.equal(app.peers.length, 1);
    await begin();
    assert.deepEqual(app.types(), ['call:status', 'session:new']);
  });

  test('a message of more than 24 KiB closes the socket with 1009, which is a loss like any other', async () => {
    const { app, begin, session, clock } = conversation();
    await begin();
    app.send({ type: 'command', command: 'tag', data: 'x'.repeat(25_000) });
    await clock.runFor(1000);
    assert.equal(app.closes[0]?.[0], 1009);
    assert.deepEqual(app.types(), ['session:new', 'session:reconnect']);
    assert.equal(session.ended, false);
  });

  test('an application that does not read is a lost one', async () => {
    const { app, begin, session, events, clock } = conversation();
    await begin();
    app.server.stalled = true;
    for (let i = 0; i < 30; i++) session.notify('verb:status', { event: 'x'.repeat(50_000) });
    await clock.runFor(10);
    const closed = events.find((event) => event.type === 'socket-closed');
    assert.equal(closed?.code, 1008);
  });

  for (const [wsPingIntervalMs, codes] of [
    [20_000, [1006]],
    [15_000, []],
  ] as const) {
    test(`pings every ${wsPingIntervalMs} ms: a silent application is ${codes.length > 0 ? 'found out' : 'not asked'}`, async () => {
      const world = stage(undefined, { wsPingIntervalMs });
      const app = socketApp(world, url, politely);
      const { session, events } = world.talk({ callHook: url });
      await world.clock.settle(session.request('session:new', undefined, {}));
      await world.clock.runFor(50_000);
      app.server.stalled = true;
      await world.clock.runFor(45_000);
      assert.deepEqual(
        events
          .filter((event) => event.type === 'socket-closed')
          .map((event) => event.code)
          .slice(0, 1),
        codes,
      );
      app.server.stalled = false;
      await world.clock.settle(session.close());
    });
  }

  test('what waits is bounded', async () => {
    const { app, begin, session, clock } = conversation();
    await begin();
    app.server.state = 'refusing';
    app.server.kill();
    await clock.runFor(10);
    for (let i = 0; i < 300; i++) session.notify('verb:status', { i });
    await assert.rejects(clock.settle(session.request('verb:hook', '/x', {})), /too many messages/);
    app.server.state = 'up';
    await clock.runFor(5000);
    assert.equal(app.types().filter((type) => type === 'verb:status').length, 256);
  });
});

describe('closing', () => {
  test('1000 by the application is graceful: hooks count as empty, nothing reconnects', async () => {
    const { app, begin, session, ended, lost, clock } = conversation((m) =>
      m.type === 'verb:hook' ? undefined : politely(m),
    );
    await begin();
    const asked = session.request('verb:hook', '/x', {});
    await clock.runFor(10);
    app.peer.close(1000, 'bye');
    assert.equal(await clock.settle(asked), undefined);
    assert.equal(await clock.settle(session.request('verb:hook', '/y', {})), undefined);
    session.notify('call:status', { callStatus: 'completed' });
    await clock.runFor(20_000);
    assert.deepEqual([session.gracefullyClosed, session.ended, ended, lost], [true, true, ['bye'], []]);
    assert.equal(app.peers.length, 1);
  });

  test('1000 instead of an answer to session:new is a refusal', async () => {
    const { app, session, clock, payload } = conversation(() => undefined);
    const asked = session.request('session:new', undefined, payload);
    await clock.runFor(10);
    app.peer.close(1000);
    await assert.rejects(clock.settle(asked), { code: 'hook-closed' });
  });

  for (const code of [1001, 1005, 1006, 1011, 4000]) {
    test(`${code} by the application is a loss`, async () => {
      const { app, begin, session, clock } = conversation();
      await begin();
      app.peer.close(code);
      await clock.runFor(1000);
      assert.deepEqual(app.types(), ['session:new', 'session:reconnect']);
      assert.equal(session.gracefullyClosed, false);
    });
  }

  for (const code of [1000, 1001] as const) {
    test(`by us with ${code}; hooks under way fail, nothing is left open`, async () => {
      const { app, apps, begin, session, clock } = conversation((m) =>
        m.type === 'verb:hook' ? undefined : politely(m),
      );
      await begin();
      const rejected = assert.rejects(session.request('verb:hook', '/x', {}), { code: 'hook-closed' });
      await clock.settle(session.close(code));
      await rejected;
      await clock.runFor(1);
      assert.deepEqual(app.closes, [[code, '']]);
      await clock.runFor(5000);
      assert.deepEqual(apps.stats(), { sessions: 0, sockets: 0 });
      assert.equal(clock.pendingTimers, 0);
    });
  }

  test('by us during an outage waits for the last status, at most 12 s', async () => {
    const { app, begin, session, clock } = conversation();
    await begin();
    app.server.state = 'refusing';
    app.server.kill();
    await clock.runFor(10);
    session.notify('call:status', { callStatus: 'completed' });
    const closing = session.close();
    await clock.runFor(3000);
    app.server.state = 'up';
    await clock.settle(closing);
    await clock.runFor(1);
    assert.deepEqual(app.types(), ['session:new', 'session:reconnect', 'call:status']);
  });

  for (const already of [false, true]) {
    test(`the room closes within its shorter wait${already ? ', also what is closing already' : ''}`, async () => {
      const { app, apps, begin, session, clock } = conversation();
      await begin();
      app.server.state = 'hanging';
      app.server.kill();
      await clock.runFor(10);
      session.notify('call:status', { callStatus: 'completed' });
      if (already) void session.close();
      const start = clock.now();
      await clock.settle(apps.close());
      assert.equal(clock.now() - start, 1500);
      assert.equal(clock.pendingTimers, 0);
    });
  }
});
