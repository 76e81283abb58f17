// Socket applications on the virtual clock: envelope, acknowledgements, commands, loss and return, closing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Message, politely, socketApp, stage } from '../../test/kit/applications.ts';

const url = 'wss://app.test/ws';

function conversation(
  reply: Parameters<typeof socketApp>[2] = politely,
  options: { hook?: string; outbound?: boolean } = {},
) {
  const world = stage();
  const app = socketApp(world, url, reply);
  const call = world.talk({ callHook: options.hook ?? url, outbound: options.outbound ?? false });
  const begin = () =>
    world.clock.settle(call.session.request('session:new', undefined, { callSid: 'call-1', from: '100' }));
  return { ...world, ...call, app, begin };
}

describe('connection', () => {
  test('offers the subprotocol, Basic credentials and the user agent, without the fragment', async () => {
    const world = stage();
    const app = socketApp(world, url, politely);
    const { session } = world.talk({ callHook: { url: `${url}?a=1#rc=3`, username: 'me', password: 'mine' } });
    await world.clock.settle(session.request('session:new', undefined, {}));
    assert.equal(app.peer.protocol, 'ws.jambonz.org');
    assert.equal(app.peer.url.href, `${url}?a=1`);
    assert.equal(app.peer.headers.authorization, `Basic ${btoa('me:mine')}`);
    assert.equal(app.peer.headers['user-agent'], 'jambonz');
  });

  test('refused: five retries after 500, 1000, 2000, 4000 and 6000 ms, then the request fails', async () => {
    const { app, begin, events, clock } = conversation();
    app.server.state = 'refusing';
    const start = clock.now();
    await assert.rejects(begin(), { code: 'hook-connect' });
    const failed = events.filter((event) => event.type === 'socket-failed');
    assert.deepEqual(
      failed.map((event) => event.retryInMs),
      [500, 1000, 2000, 4000, 6000, undefined],
    );
    assert.equal(clock.now() - start, 13_500);
    assert.deepEqual(
      events.filter((event) => event.type === 'alert').map((event) => event.alert),
      ['webhook-connection-failure'],
    );
  });

  for (const [name, fragment, state, tries] of [
    ['a refused upgrade is final', '', 403, 1],
    ['unless 4xx is asked for', '#rc=2&rp=4xx', 403, 3],
    ['5xx', '#rc=1&rp=5xx', 503, 2],
    ['a handshake that hangs is final', '', 'hanging', 1],
    ['unless all is asked for', '#rc=1&rp=all', 'hanging', 2],
    ['rc=0 means five', '#rc=0', 'resetting', 6],
  ] as const) {
    test(name, async () => {
      const { app, begin, events } = conversation(politely, { hook: url + fragment });
      app.server.state = state;
      await assert.rejects(begin());
      assert.equal(events.filter((event) => event.type === 'socket-failed').length, tries);
    });
  }

  test('a server that does not speak the subprotocol is refused', async () => {
    const world = stage();
    world.net.serveWs(url, () => {}, { protocols: ['other'] });
    const { session } = world.talk({ callHook: url });
    await assert.rejects(world.clock.settle(session.request('session:new', undefined, {})), { code: 'hook-connect' });
  });
});

describe('messages', () => {
  test('the envelope', async () => {
    const { app, begin, session, clock } = conversation();
    assert.deepEqual(await begin(), [{ verb: 'pause', length: 1 }]);
    await clock.settle(session.request('verb:hook', '/gather', { callSid: 'child', speech: { isFinal: true } }));
    session.notify('verb:status', { event: 'starting' });
    await clock.runFor(1);
    const [first, hook, status] = app.got.map(({ at: _, msgid, ...rest }) => {
      assert.match(msgid, /^\w{22}$/);
      return rest;
    });
    assert.deepEqual(first, { type: 'session:new', call_sid: 'call-1', data: { call_sid: 'call-1', from: '100' } });
    const data = { call_sid: 'child', speech: { is_final: true } };
    assert.deepEqual(hook, { type: 'verb:hook', call_sid: 'call-1', hook: '/gather', data });
    assert.deepEqual(status, { type: 'verb:status', call_sid: 'call-1', data: { event: 'starting' } });
    assert.equal(new Set(app.got.map((message) => message.msgid)).size, 3);
  });

  test('events name the hook; a traced call has a b3 value in each message', async () => {
    const world = stage();
    const app = socketApp(world, url, politely);
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { session, events } = world.talk({ callHook: url, traceId });
    await world.clock.settle(session.request('session:new', undefined, {}));
    await world.clock.settle(session.request('verb:hook', { url: '/menu?x=1#rc=2', username: 'u', password: 'p' }, {}));
    assert.deepEqual(
      events.map((event) => [event.type, event.type === 'message-refused' ? '' : event.url]),
      [
        ['socket-opened', url],
        ['hook-sent', url],
        ['hook-answered', url],
        ['hook-sent', 'wss://app.test/menu?x=1'],
        ['hook-answered', 'wss://app.test/menu?x=1'],
      ],
    );
    assert.equal(app.got[1]!.hook, '/menu?x=1#rc=2');
    for (const { b3 } of app.got) assert.match(b3!, new RegExp(`^${traceId}-[0-9a-f]{16}-1$`));
  });

  test('statuses of an outbound call open the socket and carry no call_sid until session:new', async () => {
    const { app, begin, session, clock } = conversation(politely, { outbound: true });
    for (const callStatus of ['trying', 'ringing', 'in-progress']) session.notify('call:status', { callStatus });
    await begin();
    session.notify('call:status', { callStatus: 'completed' });
    await clock.settle(session.close());
    await clock.runFor(1);
    assert.deepEqual(
      app.got.map((message) => [message.type, message.call_sid]),
      [
        ['call:status', undefined],
        ['call:status', undefined],
        ['call:status', undefined],
        ['session:new', 'call-1'],
        ['call:status', 'call-1'],
      ],
    );
    assert.equal(app.peers.length, 1);
    assert.deepEqual(app.closes, [[1000, '']]);
  });

  test('an ack that does not come in 5 s fails the hook; a late one is ignored', async () => {
    let slow: Message | undefined;
    const { app, begin, session, clock } = conversation((message) => {
      if (message.type !== 'verb:hook') return politely(message);
      slow = message;
      return undefined;
    });
    await begin();
    const start = clock.now();
    const asked = session.request('verb:hook', '/x', {});
    await assert.rejects(clock.settle(asked), { code: 'hook-timeout' });
    assert.equal(clock.now() - start, 5000);
    app.send({ type: 'ack', msgid: slow!.msgid, data: [] });
    app.send({ type: 'ack', msgid: 'unknown' });
    app.send({ type: 'command', command: 'tag', data: { a: 1 } });
    await clock.runFor(10);
    assert.deepEqual(app.types(), ['session:new', 'verb:hook']);
  });

  test('an ack without data is an empty answer', async () => {
    const { app, begin, session, clock } = conversation((message, peer) => {
      if (message.type === 'session:new') return [];
      peer.send(JSON.stringify({ type: 'ack', msgid: message.msgid }));
      return undefined;
    });
    await begin();
    assert.equal(await clock.settle(session.request('verb:hook', '/x', {})), undefined);
    assert.equal(app.got.length, 2);
  });

  test('a request that is given up leaves nothing behind', async () => {
    const { begin, session, clock } = conversation((message) => (message.type === 'session:new' ? [] : undefined));
    await begin();
    const stop = new AbortController();
    const asked = session.request('verb:hook', '/x', {}, { signal: stop.signal });
    const reason = new Error('the caller went');
    stop.abort(reason);
    await assert.rejects(clock.settle(asked), reason);
    await clock.runFor(1);
    assert.equal(clock.pendingTimers, 0);
  });
});

describe('commands', () => {
  test('arrive as they are meant', async () => {
    const { app, begin, commands, clock } = conversation();
    await begin();
    app.send({ type: 'command', command: 'redirect', queueCommand: true, data: [{ verb: 'hangup' }] });
    app.send({ type: 'command', command: 'mute:status', callSid: 'leg-2', call_sid: 'ignored', data: 'mute' });
    app.send({ type: 'command', command: 'llm:tool-output', tool_call_id: 'tool-1', data: { result: 4 } });
    app.send({ type: 'command', command: 'tts:flush' });
    app.send({ type: 'tts:tokens', id: 7, tokens: 'hello' });
    await clock.runFor(1);
    const none = { queueCommand: false, callSid: undefined, toolCallId: undefined };
    assert.deepEqual(commands, [
      { ...none, command: 'redirect', queueCommand: true, data: [{ verb: 'hangup' }] },
      { ...none, command: 'mute:status', callSid: 'leg-2', data: 'mute' },
      { ...none, command: 'llm:tool-output', toolCallId: 'tool-1', data: { result: 4 } },
      { ...none, command: 'tts:flush', data: undefined },
      { ...none, command: 'tts:tokens', data: { id: 7, tokens: 'hello' } },
    ]);
  });

  for (const [name, message, details] of [
    ['broken JSON', '{"type":', /parsed/],
    ['no object', '[]', /object/],
    ['no type', '{}', /missing type/],
    ['another type', '{"type":"hello"}', /invalid message type/],
    ['ack without msgid', '{"type":"ack"}', /missing msgid/],
    ['command without command', '{"type":"command","data":{}}', /missing command/],
    ['command without data', '{"type":"command","command":"redirect"}', /missing data/],
    ['deep nesting', '['.repeat(100) + ']'.repeat(100), /deeper/],
    ['binary', new Uint8Array([1, 2, 3]), /binary/],
  ] as const) {
    test(`${name} is answered by jambonz:error and the socket stays`, async () => {
      const { app, begin, session, events, clock } = conversation();
      await begin();
      app.peer.send(message);
      await clock.runFor(1);
      const { msg, details: said, content } = app.got.at(-1)!.data as Record<string, string>;
      assert.equal(app.got.at(-1)!.type, 'jambonz:error');
      assert.equal(msg, 'InvalidMessage');
      assert.match(said!, details);
      assert.equal(content, typeof message === 'string' ? message : '3 bytes of binary data');
      assert.equal(events.filter((e) => e.type === 'alert' && e.alert === 'invalid-app-payload').length, 1);
      assert.deepEqual(await clock.settle(session.request('verb:hook', '/x', {})), []);
    });
  }

  test('a flood is dropped, reported ten times a second, and closed when it does not end', async () => {
    const { app, begin, commands, events, session, clock } = conversation();
    await begin();
    for (let i = 0; i < 2000; i++) app.send({ type: 'command', command: 'tag', data: { i } });
    await clock.runFor(1);
    assert.equal(commands.length, 999);
    assert.equal(events.filter((event) => event.type === 'message-refused').length, 10);
    assert.equal(session.ended, false);
    for (let i = 0; i < 10_000; i++) app.send({ type: 'command', command: 'tag', data: { i } });
    await clock.runFor(1);
    assert.equal(session.ended, true);
    assert.equal(app.closes[0]?.[0], 1008);
    await assert.rejects(clock.settle(session.request('verb:hook', '/x', {})), { code: 'hook-closed' });
  });
});
