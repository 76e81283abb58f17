// Each live update on a running call, judged by what arrives at the phone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, toneLevelDbov, worstClick } from '../../src/audio/index.ts';
import { appOrigin } from '../../src/rehearsal/stage.ts';
import { scene, sidOf, toneUrl } from '../kit/scene.ts';

const playing = { '/': [{ verb: 'play', url: toneUrl(440) }] };

test('whisper is heard over a prompt, which pauses and goes on; what is refused says why', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  await s.run(1_000);
  const at = s.stage.clock.now();
  const outcome = await s.update(call, { whisper: { verb: 'play', url: toneUrl(880, 1_000) } });
  assert.equal(outcome.status, 202);
  await s.run(2_500);
  const during = call.audio.between(at + 200, at + 900);
  assert.ok(toneLevelDbov(during, 880, 8_000) > -20);
  assert.ok(
    toneLevelDbov(during, 440, 8_000) < -50,
    `prompt at ${toneLevelDbov(during, 440, 8_000)} dBov under the whisper`,
  );
  const after = call.audio.between(at + 1_300, at + 2_400);
  assert.ok(toneLevelDbov(after, 440, 8_000) > -20);
  const whole = call.audio.between(call.answeredAt + 200, s.stage.clock.now());
  assert.deepEqual(gaps(whole, 8_000, 40), []);
  assert.ok(worstClick(whole, 8_000).ratio < 10, JSON.stringify(worstClick(whole, 8_000)));
  assert.deepEqual(await s.update(call, { whisper: { verb: 'gather' } }), {
    status: 400,
    reason: 'whisper: must be a say or play verb',
    path: 'whisper',
  });
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('a whisper from a hook: a list of verbs, or one alone; whatever else it answers is told, and nothing is heard', async () => {
  const one = { verb: 'play', url: toneUrl(880, 300), loop: 3 };
  const s = await scene({
    ...playing,
    '/list': [one],
    '/one': one,
    '/nothing': undefined,
    '/other': { colour: 'red' },
    '/gather': [{ verb: 'gather', say: { text: 'a' } }],
    '/500': { status: 500 },
    '/lost': [{ verb: 'play', url: 'https://nowhere.example/a.wav' }],
  });
  const call = await s.dial();
  await s.run(1_000);
  for (const path of ['/list', '/one']) {
    const at = s.stage.clock.now();
    assert.equal((await s.update(call, { whisper: path }, true)).status, 200, path);
    await s.run(1_500);
    assert.ok(toneLevelDbov(call.audio.between(at + 60, at + 260), 880, 8_000) > -20, path);
    assert.ok(toneLevelDbov(call.audio.between(at + 500, at + 1_300), 880, 8_000) < -50, 'once');
  }
  for (const [path, reason] of [
    ['/nothing', /nothing to whisper/],
    ['/other', /verb/],
    ['/gather', /only say and play/],
    ['/500', /500/],
    ['/lost', /never heard: .+/],
  ] as const) {
    const outcome = await s.update(call, { whisper: path }, true);
    assert.equal(outcome.status, 422);
    assert.match(outcome.reason ?? '', reason);
  }
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('what is wrong with whispered verbs is named where it stands', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  const say = { verb: 'say', text: 'a' };
  for (const [whisper, path] of [
    [{ ...say, text: '' }, 'whisper.say.text'],
    [{ ...say, colour: 'red' }, 'whisper.say.colour'],
    [[say, { ...say, colour: 'red' }], 'whisper[1].say.colour'],
  ] as const) {
    const refused = await s.update(call, { whisper });
    assert.deepEqual([refused.status, refused.path], [400, path]);
    assert.ok(refused.reason?.startsWith(`${path}: `), refused.reason);
  }
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('boostAudioSignal changes the level by what was asked, within half a dB', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  await s.run(1_000);
  const before = toneLevelDbov(call.audio.between(s.stage.clock.now() - 800, s.stage.clock.now()), 440, 8_000);
  for (const [given, wanted] of [
    [-6, -6],
    ['3 dB', 3],
    ['-12dB', -12],
  ] as const) {
    const outcome = await s.update(call, { boostAudioSignal: given }, true);
    assert.equal(outcome.status, 200, JSON.stringify(outcome));
    assert.ok(Number(outcome.body?.applied_ms) <= 40, JSON.stringify(outcome.body));
    await s.run(1_000);
    const level = toneLevelDbov(call.audio.between(s.stage.clock.now() - 800, s.stage.clock.now()), 440, 8_000);
    assert.ok(Math.abs(level - before - wanted) < 0.5, `${given}: ${level - before} dB`);
  }
  const bad = await s.update(call, { boostAudioSignal: 'loud' });
  assert.equal(bad.status, 400);
  assert.equal(bad.path, 'boostAudioSignal');
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('mute and unmute act on a caller who talks to an application; its gather still hears digits', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', actionHook: '/digits', numDigits: 2, timeout: 60 }],
    '/digits': [{ verb: 'hangup' }],
  });
  const call = await s.dial();
  await s.run(500);
  assert.equal((await s.update(call, { mute_status: 'mute' }, true)).status, 200);
  call.press('42');
  await s.run(2_000);
  assert.equal(s.sentTo('/digits')[0]?.digits, '42');
  await s.end();
});

test('dtmf reaches the phone; tag is in later payloads; both may not stand in for each other', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  assert.equal((await s.update(call, { dtmf: { digit: '12#' }, tag: { order: 7 } })).status, 202);
  await s.run(2_000);
  assert.deepEqual(call.audio.digits, ['1', '2', '#']);
  await s.stage.clock.settle(call.hangup());
  await s.run(100);
  assert.deepEqual(s.sentTo('/status').at(-1)?.customerData, { order: 7 });
  await s.end();
});

test('sip_request answers with what the far end said', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  const outcome = await s.update(call, {
    sip_request: { method: 'MESSAGE', content_type: 'text/plain', content: 'hello', headers: { 'X-Color': 'blue' } },
  });
  assert.deepEqual([outcome.status, outcome.body?.status, outcome.body?.reason], [200, 200, 'OK']);
  assert.equal(call.requests[0]?.header('X-Color'), 'blue');
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('call_status completed hangs up once; afterwards an update is 422, and an unknown call 404', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  assert.equal((await s.update(call, { call_status: 'no-answer' })).status, 422);
  assert.equal((await s.update(call, { call_status: 'completed' })).status, 202);
  await s.run(500);
  assert.equal(call.ended?.by, 'remote');
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  assert.equal(s.sentTo('/status').at(-1)?.call_termination_by, 'jambonz');
  assert.deepEqual(await s.update(call, { mute_status: 'mute' }), {
    status: 422,
    reason: `call session is gone for call_sid ${sidOf(call)}`,
  });
  const stranger = await s.stage.house.calls.update(
    s.stage.account.account_sid,
    '00000000-0000-4000-8000-000000000000',
    { mute_status: 'mute' },
    { wait: false },
  );
  assert.equal('refused' in stranger && stranger.http, 404);
  await s.end();
});

test('call_status no-answer refuses a call that has not been answered', async () => {
  const s = await scene({ '/': [{ verb: 'pause', length: 20 }] });
  const phone = await s.stage.phone();
  const call = await phone.call(s.stage.uriOf(s.app));
  await s.run(500);
  const sid = s.stage.events[0]!.callSid;
  const outcome = await s.stage.clock.settle(
    s.stage.house.calls.update(s.stage.account.account_sid, sid, { call_status: 'no-answer' }, { wait: false }),
  );
  assert.deepEqual(outcome, { status: 202 });
  assert.equal(await s.stage.clock.settle(call.answered), 503);
  await s.run(100);
  assert.deepEqual(s.statuses(), ['trying', 'no-answer']);
  await s.end();
});

test('a redirect whose hook fails leaves the call as it was, and tells the account', async () => {
  const s = await scene({ ...playing, '/broken': { status: 500 }, '/wrong': [{ verb: 'nonsense' }] });
  const call = await s.dial();
  assert.equal((await s.update(call, { call_hook: '/broken' })).status, 202);
  await s.run(500);
  assert.equal((await s.update(call, { call_hook: '/wrong' })).status, 202);
  await s.run(500);
  assert.ok(toneLevelDbov(call.audio.between(s.stage.clock.now() - 400, s.stage.clock.now()), 440, 8_000) > -20);
  assert.equal(s.stage.alerts.filter((a) => a.type === 'error-updating-call').length, 2);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('call_hook answered with an empty array ends the call; with nothing, the next verb runs', async () => {
  const s = await scene({
    '/': [
      { verb: 'play', url: toneUrl(440) },
      { verb: 'play', url: toneUrl(660) },
    ],
    '/empty': [],
    '/nothing': undefined,
  });
  const call = await s.dial();
  await s.run(500);
  await s.update(call, { call_hook: '/nothing' });
  await s.run(1_000);
  assert.ok(toneLevelDbov(call.audio.between(s.stage.clock.now() - 500, s.stage.clock.now()), 660, 8_000) > -20);
  await s.update(call, { call_hook: '/empty' });
  await s.run(500);
  assert.equal(call.ended?.by, 'remote');
  await s.end();
});

test('call_status_hook moves the statuses with call_hook, and is refused alone', async () => {
  const s = await scene({ ...playing, '/next': [{ verb: 'hangup' }] });
  const call = await s.dial();
  const alone = await s.update(call, { call_status_hook: '/elsewhere' });
  assert.equal(alone.status, 400);
  await s.update(call, { call_hook: `${appOrigin}/next`, call_status_hook: `${appOrigin}/elsewhere` });
  await s.run(500);
  assert.deepEqual(
    s.sentTo('/elsewhere').map((b) => b.call_status),
    ['completed'],
  );
  await s.end();
});

test('bodies that can never be right are 400 with the field, those of later versions 422', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  for (const [body, status, path] of [
    [{}, 400, undefined],
    [{ nonsense: 1 }, 400, 'nonsense'],
    [{ mute_status: 'louder' }, 400, 'mute_status'],
    [{ mute_status: 'mute', dtmf: { digit: '1' } }, 400, undefined],
    [{ dtmf: {} }, 400, 'dtmf.digit'],
    [{ dtmf: { digit: '1', duration: 1 } }, 400, 'dtmf.duration'],
    [{ tag: [] }, 400, 'tag'],
    [{ call_hook: 'ftp://x' }, 400, 'call_hook'],
    [{ sip_request: { method: 'INFO' } }, 400, 'sip_request.content_type'],
    [{ record: { action: 'startCallRecording' } }, 400, 'record.siprecServerURL'],
    [{ media_path: 'no-media' }, 422, undefined],
  ] as const) {
    const outcome = await s.update(call, body);
    assert.equal(outcome.status, status, JSON.stringify(body));
    assert.equal(outcome.path, path, JSON.stringify(body));
  }
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('headers that are no text under a SIP name are refused with 400 and their path, in requests and in recordings', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  const request = { method: 'INFO', content_type: 'text/plain', content: 'x' };
  const record = { action: 'startCallRecording', siprecServerURL: 'sip:recorder@10.0.1.1' };
  for (const headers of [{ 'X-A': {} }, { 'X-A': 'b\r\nX-C: d' }, { 'X A': 'b' }]) {
    const [name] = Object.keys(headers);
    for (const body of [{ sip_request: { ...request, headers } }, { record: { ...record, headers } }]) {
      const { status, path } = await s.update(call, body);
      assert.deepEqual([status, path], [400, `${Object.keys(body)[0]}.headers.${name}`], JSON.stringify(body));
    }
  }
  await s.update(call, { sip_request: { ...request, headers: { 'X-A': 5 } } });
  assert.equal(call.requests.at(-1)?.header('X-A'), '5');
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('a tag is in the payloads of what stands beside it', async () => {
  const s = await scene({ ...playing, '/next': [{ verb: 'pause', length: 60 }] });
  const call = await s.dial();
  assert.equal((await s.update(call, { call_hook: '/next', tag: { n: 1 } })).status, 202);
  await s.run(500);
  assert.deepEqual(s.sentTo('/next')[0]?.customerData, { n: 1 });
  assert.equal((await s.update(call, { call_status: 'completed', tag: { n: 2 } })).status, 202);
  await s.run(500);
  assert.deepEqual([s.statuses().at(-1), s.sentTo('/status').at(-1)?.customerData], ['completed', { n: 2 }]);
  await s.end();
});
