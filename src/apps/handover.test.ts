// Hooks of the other kind and other servers: one-off requests, handover, rebasing, and where statuses go (1.1, 3.2, 3.9).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { json, politely, socketApp, stage } from '../../test/kit/applications.ts';
import type { AppSessionOptions } from './index.ts';

const wsUrl = 'wss://app.test/ws';
const httpUrl = 'https://app.test/call';
const verbs = [{ verb: 'hangup' }];

function world(options: Partial<AppSessionOptions>) {
  const base = stage(() => json(verbs));
  const first = socketApp(base, wsUrl, politely);
  const second = socketApp(base, 'wss://other.test/ws', () => verbs);
  const call = base.talk(options);
  const ask = (...args: Parameters<typeof call.session.request>) => base.clock.settle(call.session.request(...args));
  const urls = () => base.served.map((request) => request.url);
  return { ...base, ...call, first, second, ask, urls };
}

describe('an application over HTTP', () => {
  test('a socket hook gets session:new on a socket of its own, which is closed after the answer', async () => {
    const { ask, session, second, clock, urls } = world({ callHook: httpUrl });
    assert.deepEqual(await ask('verb:hook', 'wss://other.test/ws', { callSid: 'call-1' }), verbs);
    assert.deepEqual(second.types(), ['session:new']);
    assert.equal(second.got[0]!.call_sid, 'call-1');
    await ask('verb:hook', '/next', {});
    await clock.runFor(1);
    assert.equal(session.kind, 'http');
    assert.deepEqual(second.closes, [[1000, '']]);
    assert.deepEqual(urls(), ['https://app.test/next']);
  });

  test('a redirect to a socket hands the call over: later hooks, commands and statuses use it', async () => {
    const { ask, session, second, commands, clock, urls } = world({ callHook: httpUrl });
    assert.deepEqual(await ask('session:redirect', 'wss://other.test/ws', { callSid: 'call-1' }), verbs);
    assert.equal(session.kind, 'ws');
    await ask('verb:hook', '/next', {});
    session.notify('call:status', { callStatus: 'in-progress' });
    second.send({ type: 'command', command: 'tag', data: { a: 1 } });
    await clock.runFor(1);
    assert.deepEqual(second.types(), ['session:new', 'verb:hook', 'call:status']);
    assert.equal(commands.length, 1);
    assert.deepEqual(urls(), []);
    assert.equal(session.resolve('/x').url, 'wss://other.test/x');
  });

  test('a redirect to a socket that is not there changes nothing', async () => {
    const { ask, session, second, urls } = world({ callHook: httpUrl });
    second.server.state = 403;
    await assert.rejects(ask('session:redirect', 'wss://other.test/ws', {}), { code: 'hook-status' });
    assert.equal(session.kind, 'http');
    await ask('verb:hook', '/next', {});
    assert.deepEqual(urls(), ['https://app.test/next']);
  });

  test('the redirect verb moves the base of relative hooks, a live call_hook does not', async () => {
    const { ask, urls } = world({ callHook: { url: httpUrl, username: 'me', password: 'mine' } });
    await ask('session:redirect', 'https://other.test/a', {});
    await ask('verb:hook', '/b', {});
    await ask('session:redirect', 'https://other.test/c', {}, { rebase: true });
    await ask('verb:hook', '/d', {});
    assert.deepEqual(urls(), [
      'https://other.test/a',
      'https://app.test/b',
      'https://other.test/c',
      'https://other.test/d',
    ]);
  });

  test('credentials stay with their servers through a redirect', async () => {
    const { ask, served } = world({ callHook: { url: httpUrl, username: 'me', password: 'mine' } });
    const next = { url: 'https://other.test/c', username: 'you', password: 'yours' };
    await ask('session:redirect', next, {}, { rebase: true });
    await ask('verb:hook', '/d', {});
    await ask('verb:hook', 'https://app.test/e', {});
    const yours = `Basic ${btoa('you:yours')}`;
    assert.deepEqual(
      served.map((request) => request.headers?.authorization),
      [yours, yours, undefined],
    );
  });

  test('what is asked aside, for a dialled leg, hands nothing over', async () => {
    const { ask, session, second, urls } = world({ callHook: httpUrl });
    assert.deepEqual(await ask('session:redirect', 'wss://other.test/ws', {}, { aside: true }), verbs);
    assert.deepEqual([session.kind, second.types()], ['http', ['session:new']]);
    await ask('verb:hook', '/next', {});
    assert.deepEqual(urls(), ['https://app.test/next']);
  });

  test('its server is known to a call that branches off, wherever a redirect has moved it', async () => {
    const { ask, session } = world({ callHook: { url: httpUrl, username: 'me', password: 'mine' } });
    assert.deepEqual(session.server, { url: httpUrl, method: 'POST', username: 'me', password: 'mine' });
    await ask('session:redirect', 'wss://other.test/ws', {});
    assert.deepEqual(session.server, { url: 'wss://other.test/ws', method: 'WS' });
    assert.equal(world({ callHook: '' }).session.server, '');
  });

  test('without a server of its own (stored verbs) addresses are asked, paths are not; a redirect verb gives it one', async () => {
    const { ask, session, urls } = world({ callHook: '' });
    assert.deepEqual(await ask('verb:hook', 'https://other.test/a', {}), verbs);
    session.tell('https://other.test/b', {});
    session.tell('/lost', {});
    await assert.rejects(ask('verb:hook', '/c', {}), { code: 'hook-invalid' });
    await ask('session:redirect', 'https://other.test/d', {}, { rebase: true });
    await ask('verb:hook', '/e', {});
    assert.deepEqual(
      urls(),
      ['a', 'b', 'd', 'e'].map((path) => `https://other.test/${path}`),
    );
  });

  test('adulting is asked at /adulting of its server', async () => {
    const { ask, urls } = world({ callHook: `${httpUrl}/deep` });
    await ask('session:adulting', undefined, {});
    assert.deepEqual(urls(), ['https://app.test/adulting']);
  });
});

describe('an application over a socket', () => {
  const callHook = { url: wsUrl, username: 'me', password: 'mine' };

  test('an http hook is one webhook, without the application’s credentials', async () => {
    const { ask, session, first, served } = world({ callHook });
    await ask('session:new', undefined, {});
    assert.deepEqual(await ask('verb:hook', 'https://app.test/x', {}), verbs);
    await ask('verb:hook', '/y', {});
    assert.equal(session.kind, 'ws');
    assert.equal(served[0]!.headers?.authorization, undefined);
    assert.deepEqual(first.types(), ['session:new', 'verb:hook']);
  });

  test('what is asked aside, for a dialled leg, hands nothing over', async () => {
    const { ask, session, first, second, urls } = world({ callHook });
    await ask('session:new', undefined, {});
    assert.deepEqual(await ask('session:redirect', 'https://other.test/next', {}, { aside: true }), verbs);
    await ask('session:redirect', '/next', {}, { aside: true });
    await ask('session:redirect', 'wss://other.test/ws', {}, { aside: true });
    assert.equal(session.kind, 'ws');
    assert.deepEqual(first.types(), ['session:new', 'session:redirect']);
    assert.deepEqual([second.types(), urls()], [['session:new'], ['https://other.test/next']]);
  });

  test('a redirect to http hands the call over and closes the socket', async () => {
    const { ask, session, first, ended, clock, urls } = world({ callHook });
    await ask('session:new', undefined, {});
    await ask('session:redirect', 'https://other.test/next', {});
    await ask('verb:hook', '/later', {});
    await clock.runFor(5000);
    assert.deepEqual([session.kind, session.ended, ended], ['http', false, []]);
    assert.deepEqual(first.closes, [[1000, '']]);
    assert.deepEqual(urls(), ['https://other.test/next', 'https://other.test/later']);
  });

  test('a relative redirect, and one to the same server by REST, stay on the socket', async () => {
    const { ask, first } = world({ callHook });
    await ask('session:new', undefined, {});
    await ask('session:redirect', '/menu', {});
    await ask('session:redirect', 'wss://app.test/other', {});
    assert.equal(first.peers.length, 1);
    assert.deepEqual(
      first.got.map((message) => message.hook),
      [undefined, '/menu', 'wss://app.test/other'],
    );
  });

  test('a redirect verb to a socket opens it, begins with session:redirect, and closes the previous one', async () => {
    const { ask, first, second, session, clock } = world({ callHook });
    await ask('session:new', undefined, {});
    assert.deepEqual(
      await ask('session:redirect', 'wss://other.test/ws', { callSid: 'call-1' }, { rebase: true }),
      verbs,
    );
    await ask('verb:hook', '/next', {});
    await clock.runFor(1);
    assert.deepEqual(second.types(), ['session:redirect', 'verb:hook']);
    assert.equal(second.peer.headers.authorization, undefined);
    assert.deepEqual(first.closes, [[1000, '']]);
    second.server.kill();
    await clock.runFor(1000);
    assert.deepEqual(second.got.at(-1)!.data, { call_sid: 'call-1' });
    assert.equal(second.types().at(-1), 'session:reconnect');
    assert.equal(session.ended, false);
  });

  test('after a graceful close a redirect elsewhere brings the call a new application', async () => {
    const { ask, first, session, clock } = world({ callHook });
    await ask('session:new', undefined, {});
    first.peer.close(1000);
    await clock.runFor(1);
    assert.equal(session.ended, true);
    assert.deepEqual(await ask('session:redirect', 'https://other.test/next', {}), verbs);
    assert.equal(session.ended, false);
  });

  for (const [name, state, kind, ends] of [
    ['is not its end', 'up', 'ws', 0],
    ['is its end when the other is not there', 403, 'ws', 1],
  ] as const) {
    test(`an application that leaves while the call moves to another ${name}`, async () => {
      const { first, second, session, ended, clock } = world({ callHook });
      await clock.settle(session.request('session:new', undefined, {}));
      second.server.state = state;
      second.server.latencyMs = 100;
      const asked = session.request('session:redirect', 'wss://other.test/ws', {}).catch(() => {});
      await clock.runFor(1);
      first.peer.close(1000);
      await clock.runFor(50);
      assert.deepEqual([session.ended, ended.length], [false, 0]);
      await clock.settle(asked);
      assert.deepEqual([session.kind, session.ended, ended.length], [kind, ends === 1, ends]);
    });
  }

  test('adulting opens a socket at /adulting', async () => {
    const base = world({ callHook: { url: `${wsUrl}?a=1#rc=2` } });
    const child = socketApp(base, `${wsUrl}/adulting`, politely);
    await base.ask('session:adulting', undefined, { callSid: 'call-1' });
    base.session.notify('call:status', { callStatus: 'completed' });
    await base.clock.runFor(1);
    assert.deepEqual(child.types(), ['session:adulting', 'call:status']);
    assert.equal(child.peer.url.search, '?a=1');
    assert.equal(base.first.peers.length, 0);
  });

  test('a one-way hook is a verb:hook whose ack is ignored', async () => {
    const { ask, session, first, clock } = world({ callHook });
    await ask('session:new', undefined, {});
    session.tell('/partial', { speech: { isFinal: false } });
    session.tell('https://other.test/partial', {});
    await clock.settle(session.close());
    await clock.runFor(1);
    assert.deepEqual([first.types().at(-1), first.got.at(-1)!.hook], ['verb:hook', '/partial']);
  });
});

const overSocket = { callHook: wsUrl };
const overHttp = { callHook: httpUrl };
const httpStatus = { statusHook: 'https://other.test/s' };
const socketStatus = { statusHook: 'wss://other.test/ws' };
const outbound = { outbound: true };

/** What it says; options; how many arrive on the application's socket, by HTTP, on the other socket. */
const statuses: [string, Partial<AppSessionOptions>, [number, number, number], live?: string][] = [
  ['nowhere for HTTP without a status hook', overHttp, [0, 0, 0]],
  ['to the status hook for HTTP', { ...overHttp, ...httpStatus }, [0, 1, 0]],
  ['to a path of the application for HTTP', { ...overHttp, statusHook: '/s' }, [0, 1, 0]],
  ['to a socket as status hook for HTTP', { ...overHttp, ...socketStatus }, [0, 0, 1]],
  ['over the socket', overSocket, [1, 0, 0]],
  ['over the socket, whatever other socket is configured', { ...overSocket, ...socketStatus }, [1, 0, 0]],
  ['over the socket and to an http status hook, inbound', { ...overSocket, ...httpStatus }, [1, 1, 0]],
  ['over the socket for the same hook, outbound', { ...overSocket, statusHook: wsUrl, ...outbound }, [1, 0, 0]],
  ['to a different http hook alone, outbound', { ...overSocket, ...httpStatus, ...outbound }, [0, 1, 0]],
  ['to a different socket alone, outbound', { ...overSocket, ...socketStatus, ...outbound }, [0, 0, 1]],
  ['to what was set while the call lives', { ...overSocket, statusHook: '/s' }, [0, 1, 0], 'https://other.test/s'],
  ['back to the socket', { ...overSocket, ...httpStatus, ...outbound }, [1, 0, 0], '/s'],
  ['to a status hook even when the call_hook is malformed', { callHook: '/x', ...httpStatus }, [0, 1, 0]],
  ['nowhere when the status hook is malformed', { ...overHttp, statusHook: 'x' }, [0, 0, 0]],
];

describe('call statuses go', () => {
  for (const [name, options, expected, live] of statuses) {
    test(name, async () => {
      const { session, first, second, clock, urls } = world(options);
      if (live) session.setStatusHook(live);
      session.notify('call:status', { callStatus: 'ringing' });
      await clock.settle(session.close());
      await clock.runFor(1);
      assert.deepEqual([first.got.length, urls().length, second.got.length], expected);
    });
  }
});
