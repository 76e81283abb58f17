// listen and stream on live calls: the verb, config's background stream, and listen_status. On the virtual clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, levelDbov, sine, toneLevelDbov } from '../../src/audio/index.ts';
import { serveAudio } from '../kit/audio-server.ts';
import { dialScene } from '../kit/dialled.ts';
import { scene, sidOf, toneUrl } from '../kit/scene.ts';

const url = 'ws://listener.example/audio';
const rate = 8_000;
const toneDbov = 20 * Math.log10(8_000 / 32_768 / Math.SQRT2);
const near = (got: number, wanted: number, within = 0.5): boolean => Math.abs(got - wanted) <= within;

/** A phone's voice: a tone without end. */
const humming = (hz: number) => (index: number) =>
  Int16Array.from({ length: 160 }, (_, i) =>
    Math.round(8_000 * Math.sin((2 * Math.PI * hz * (index * 160 + i)) / rate)),
  );

test('listen: the server gets call information, then the caller; a key ends it and the hook gets both', async () => {
  const s = await scene({
    '/': [
      { verb: 'tag', data: { customer: 'say "hi"' } },
      {
        verb: 'stream',
        url,
        metadata: { from: 'overwritten', purpose: 'test' },
        wsAuth: { username: 'u', password: 'p' },
        passDtmf: true,
        finishOnKey: '#',
        actionHook: '/done',
      },
    ],
    '/done': [{ verb: 'hangup' }],
  });
  const server = serveAudio(s.stage.net, url);
  const call = await s.dial();
  call.audio.voice = humming(600);
  await s.run(3_000);
  const { hello } = server.last;
  assert.equal(hello.callSid, sidOf(call));
  assert.equal(hello.sampleRate, 8000);
  assert.equal(hello.mixType, 'mono');
  assert.deepEqual(hello.customerData, { customer: 'say "hi"' });
  assert.equal(hello.from, 'overwritten');
  assert.equal(hello.purpose, 'test');
  assert.equal(server.last.peer.headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`);
  const pcm = server.last.pcm().subarray(4_000);
  assert.ok(near(toneLevelDbov(pcm, 600, rate), toneDbov));
  assert.deepEqual(gaps(pcm, rate, 5, 100), []);
  call.press('5', 200);
  await s.run(1_000);
  assert.deepEqual(server.last.texts, [{ event: 'dtmf', dtmf: '5', duration: 1600 }]);
  call.press('#');
  await s.run(1_000);
  assert.deepEqual(
    s.sentTo('/done').map(({ dial_call_duration, digits }) => ({ dial_call_duration, digits })),
    [{ dial_call_duration: 4, digits: '#' }],
  );
  assert.equal(server.last.closed, 1000);
  await s.end();
});

test('a relative url is on the application, with its credentials; maxLength ends it', async () => {
  const s = await scene({
    '/': [{ verb: 'listen', url: '/audio?x=1', playBeep: true, maxLength: 2, actionHook: '/done' }],
    '/done': [{ verb: 'hangup' }],
  });
  const server = serveAudio(s.stage.net, 'ws://app.example/audio');
  const call = await s.dial();
  const at = s.stage.clock.now();
  await s.run(400);
  assert.equal(server.connections.length, 0);
  await s.run(4_000);
  assert.equal(server.last.peer.url.search, '?x=1');
  assert.equal(s.sentTo('/done')[0]?.dial_call_duration, 2);
  assert.ok(near(toneLevelDbov(call.audio.between(at, at + 450).subarray(800, 3200), 1500, rate), -18, 12));
  await s.end();
});

for (const how of ['close', 'disconnect', 'refused'] as const) {
  test(`the verb ends when its server says so: ${how}`, async () => {
    const s = await scene({
      '/': [{ verb: 'listen', url, actionHook: '/done' }, { verb: 'hangup' }],
    });
    const server = serveAudio(s.stage.net, url);
    if (how === 'refused') server.ws.state = 'refusing';
    const call = await s.dial();
    await s.run(1_000);
    if (how === 'close') server.last.peer.close(1001);
    if (how === 'disconnect') server.last.send({ type: 'disconnect' });
    await s.run(1_000);
    assert.equal(s.sentTo('/done').length, 1);
    assert.equal(s.stage.alerts.length, how === 'refused' ? 1 : 0);
    assert.equal(s.stage.eventsOf(sidOf(call), 'stream').at(-1)?.what, 'ended');
    await s.end();
  });
}

test('a broken connection is brought back with the same hello; the verb goes on', async () => {
  const s = await scene({ '/': [{ verb: 'listen', url }] });
  const server = serveAudio(s.stage.net, url);
  const call = await s.dial();
  call.audio.voice = humming(600);
  await s.run(1_000);
  server.ws.kill();
  server.ws.state = 'refusing';
  await s.run(500);
  server.ws.state = 'up';
  await s.run(2_000);
  assert.equal(server.connections.length, 2);
  assert.deepEqual(server.last.hello, server.connections[0]!.hello);
  assert.ok(near(toneLevelDbov(server.last.pcm().subarray(-rate), 600, rate), toneDbov));
  // What was said meanwhile has not been lost.
  const total = server.connections.reduce((sum, connection) => sum + connection.pcm().length, 0);
  assert.ok(total > 3.3 * rate, `${total}`);
  await s.end();
});

test('listen_status: pause sends nothing, silence sends silence, resume goes on; at once', async () => {
  const s = await scene({ '/': [{ verb: 'listen', url }] });
  const server = serveAudio(s.stage.net, url);
  const call = await s.dial();
  call.audio.voice = humming(600);
  await s.run(1_000);
  const { frames } = server.last;
  const after = async (body: Record<string, string>): Promise<Int16Array> => {
    const outcome = await s.update(call, body, true);
    assert.equal(outcome.status, 200, outcome.reason);
    await s.run(5);
    const at = s.stage.clock.now();
    await s.run(1_000);
    return server.last.pcm({ from: at });
  };
  assert.equal((await after({ listen_status: 'pause' })).length, 0);
  const silent = await after({ stream_status: 'silence' });
  assert.ok(Math.abs(silent.length - rate) <= 160, `${silent.length}`);
  assert.equal(levelDbov(silent), -127);
  const resumed = await after({ listen_status: 'resume' });
  assert.ok(near(toneLevelDbov(resumed, 600, rate), toneDbov));
  assert.equal(server.connections.length, 1);
  assert.ok(frames.length > 100);
  assert.equal((await s.update(call, { listen_status: 'stop' })).status, 400);
  const moved = await s.update(call, { stream_status: 'move-to-room' });
  assert.deepEqual([moved.status, /not in this version/.test(String(moved.reason))], [422, true]);
  await s.end();
});

test('listen_status without a listen is refused, also beside the background stream of config', async () => {
  const s = await scene({
    '/': [
      { verb: 'config', listen: { enable: true, url, mixType: 'stereo' } },
      { verb: 'play', url: toneUrl(440, 2_000) },
      { verb: 'config', listen: { enable: false } },
      { verb: 'pause', length: 30 },
    ],
  });
  const server = serveAudio(s.stage.net, url);
  const call = await s.dial();
  call.audio.voice = humming(600);
  await s.run(1_500);
  const refused = await s.update(call, { listen_status: 'pause' });
  assert.equal(refused.status, 422);
  assert.match(String(refused.reason), /no listen or stream/);
  const left = server.last.pcm({ channel: 0, channels: 2 }).subarray(rate / 2);
  const right = server.last.pcm({ channel: 1, channels: 2 }).subarray(rate / 2);
  assert.ok(near(toneLevelDbov(left, 600, rate), toneDbov));
  assert.ok(toneLevelDbov(left, 440, rate) < -60);
  assert.ok(toneLevelDbov(right, 440, rate) > -20);
  assert.ok(toneLevelDbov(right, 600, rate) < -60);
  assert.equal(server.last.closed, undefined);
  await s.run(1_500);
  assert.equal(server.last.closed, 1000);
  assert.equal(s.stage.eventsOf(sidOf(call), 'alert').length, 0);
  await s.end();
});

test('while a listen runs a whisper is heard and the stream goes on; what comes back is mixed in', async () => {
  const s = await scene({ '/': [{ verb: 'listen', url, bidirectionalAudio: { enabled: true, streaming: true } }] });
  const server = serveAudio(s.stage.net, url);
  const call = await s.dial();
  call.audio.voice = humming(600);
  await s.run(500);
  const at = s.stage.clock.now();
  server.last.play(sine({ hz: 900, amplitude: 4_000, samples: 4 * rate, sampleRate: rate }));
  await s.run(1_000);
  const whispered = await s.update(call, { whisper: { verb: 'play', url: toneUrl(1_300, 1_000) } }, true);
  assert.equal(whispered.status, 200, whispered.reason);
  await s.run(2_000);
  const alone = call.audio.between(at + 300, at + 900);
  const both = call.audio.between(at + 1_200, at + 1_900);
  assert.ok(near(toneLevelDbov(alone, 900, rate), toneDbov - 6.02));
  assert.ok(near(toneLevelDbov(both, 900, rate), toneDbov - 6.02));
  assert.ok(toneLevelDbov(both, 1_300, rate) > -25);
  const sent = server.last.pcm({ from: at });
  assert.ok(Math.abs(sent.length / 8 - (s.stage.clock.now() - at)) <= 40);
  await s.end();
});

test('killed by a redirect: the socket is closed and the action hook is told', async () => {
  const s = await scene({
    '/': [{ verb: 'listen', url, actionHook: '/done' }],
    '/next': [{ verb: 'pause', length: 1 }, { verb: 'hangup' }],
    '/done': [{ verb: 'play', url: toneUrl(440) }],
  });
  const server = serveAudio(s.stage.net, url);
  const call = await s.dial();
  await s.run(2_500);
  assert.equal((await s.update(call, { call_hook: 'http://app.example/next' })).status, 202);
  await s.run(500);
  assert.equal(server.last.closed, 1000);
  assert.equal(s.sentTo('/done')[0]?.dial_call_duration, 2);
  await s.run(3_000);
  assert.notEqual(call.ended, undefined);
  await s.end();
});

for (const mixType of ['mono', 'stereo'] as const) {
  test(`nested in a dial, ${mixType}: the server hears what the two say, whole and in step; so do they`, async () => {
    const s = await dialScene({});
    const b = await s.callee();
    s.answers['/'] = [
      { verb: 'dial', target: [{ type: 'sip', sipUri: b.uri }], listen: { url, mixType, actionHook: '/done' } },
    ];
    const server = serveAudio(s.stage.net, url);
    const call = await s.dial();
    await s.run(1_500);
    assert.equal(server.last.hello.callSid, s.childSid());
    const from = s.stage.clock.now();
    await s.run(3_000);
    const channels = mixType === 'stereo' ? 2 : 1;
    const left = server.last.pcm({ channels, from });
    assert.ok(Math.abs(left.length / 8 - 3_000) <= 45, `${left.length / 8} ms`);
    assert.ok(near(toneLevelDbov(left, 437, rate), toneDbov));
    assert.deepEqual(gaps(left, rate, 3, 100), []);
    if (mixType === 'stereo') {
      const right = server.last.pcm({ channel: 1, channels, from });
      assert.ok(near(toneLevelDbov(right, 1_031, rate), toneDbov));
      assert.deepEqual(gaps(right, rate, 3, 100), []);
      assert.ok(toneLevelDbov(right, 437, rate) < -45);
    }
    for (const [phone, hz] of [
      [call, 1_031],
      [b.call(), 437],
    ] as const) {
      const heard = phone.audio.between(from, from + 3_000);
      assert.ok(near(toneLevelDbov(heard, hz, rate), toneDbov));
      assert.deepEqual(gaps(heard, rate, 3, 100), []);
    }
    const paused = await s.updateSid(s.childSid(), { listen_status: 'pause' }, true);
    assert.equal(paused.status, 200, paused.reason);
    await s.run(100);
    const frames = server.last.frames.length;
    await s.run(500);
    assert.equal(server.last.frames.length, frames);
    await s.end();
  });
}

test('with earlyMedia it streams before the answer', async () => {
  const s = await scene({ '/': [{ verb: 'listen', url, earlyMedia: true, maxLength: 2 }, { verb: 'hangup' }] });
  const server = serveAudio(s.stage.net, url);
  const phone = await s.stage.phone();
  const call = await phone.call(s.stage.uriOf(s.app));
  call.audio.voice = humming(600);
  await s.run(1_500);
  assert.deepEqual(
    call.provisionals.map(({ status }) => status).filter((status) => status > 100),
    [183],
  );
  const early = call.answeredAt;
  assert.equal(early, 0);
  assert.ok(near(toneLevelDbov(server.last.pcm().subarray(-4_000), 600, rate), toneDbov));
  await s.run(2_000);
  assert.equal(call.finalResponse?.status, 603);
  await s.end();
});

test('the application asks by password: its own path gets that, another server does not, wsAuth wins', async () => {
  const s = await scene({
    '/': [
      { verb: 'listen', url: '/audio', maxLength: 0.5 },
      { verb: 'listen', url: '/audio', maxLength: 0.5, wsAuth: { username: 'own', password: 'p' } },
      { verb: 'listen', url, maxLength: 0.5 },
      { verb: 'hangup' },
    ],
  });
  const here = serveAudio(s.stage.net, 'ws://app.example/audio');
  const there = serveAudio(s.stage.net, url);
  const hook = { url: 'http://app.example/', method: 'POST', username: 'app', password: 'secret' };
  const app = await s.stage.application({ name: 'with password', call_hook: hook, call_status_hook: hook });
  const phone = await s.stage.phone();
  await phone.call(s.stage.uriOf(app));
  await s.run(4_000);
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  const sent = [...here.connections, ...there.connections].map(({ peer }) => peer.headers.authorization);
  assert.deepEqual(sent, [basic('app:secret'), basic('own:p'), undefined]);
  await s.end();
});
