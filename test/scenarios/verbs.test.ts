// Each verb on the virtual clock, as an application and a phone see it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dtmfSteps, gaps, levelDbov, TonePlayer, toneLevelDbov } from '../../src/audio/index.ts';
import { scene, sidOf, toneUrl } from '../kit/scene.ts';

test('gather collects digits until finishOnKey, and its prompt is cut by the first digit', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', actionHook: '/digits', finishOnKey: '#', numDigits: 10, play: { url: toneUrl(440) } }],
    '/digits': [{ verb: 'hangup' }],
  });
  const call = await s.dial();
  await s.run(500);
  call.press('12#');
  await s.run(1_500);
  const [sent] = s.sentTo('/digits');
  assert.equal(sent?.reason, 'dtmfDetected');
  assert.equal(sent?.digits, '12');
  assert.equal(call.ended?.by, 'remote');
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  await s.end();
});

test('gather with numDigits resolves at the last digit and hears every digit once', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', actionHook: '/digits', numDigits: 12 }],
    '/digits': [{ verb: 'hangup' }],
  });
  const call = await s.dial();
  call.press('0123456789*#');
  await s.run(4_000);
  assert.equal(s.sentTo('/digits')[0]?.digits, '0123456789*#');
  await s.end();
});

test('gather times out without digits, after its prompt', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', actionHook: '/digits', timeout: 3, play: { url: toneUrl(440, 2_000) } }],
    '/digits': [{ verb: 'hangup' }],
  });
  await s.dial();
  const answeredAt = s.stage.clock.now();
  await s.run(8_000);
  const hook = s.hooks.find((h) => h.path === '/digits');
  assert.equal(hook?.body.reason, 'timeout');
  assert.ok(Math.abs(hook.at - answeredAt - 5_000) < 100, `after ${hook.at - answeredAt} ms`);
  await s.end();
});

test('gather resolves after interDigitTimeout, and reports partial digits', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', actionHook: '/digits', partialResultHook: '/partial', interDigitTimeout: 2, maxDigits: 8 }],
    '/digits': [{ verb: 'hangup' }],
  });
  const call = await s.dial();
  call.press('47');
  await s.run(4_000);
  assert.equal(s.sentTo('/digits')[0]?.digits, '47');
  assert.deepEqual(
    s.sentTo('/partial').map((p) => p.digits),
    ['4', '47'],
  );
  await s.end();
});

test('SIP INFO digits count, and one press sent both ways counts once', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', actionHook: '/digits', numDigits: 3 }],
    '/digits': [{ verb: 'hangup' }],
  });
  const call = await s.dial();
  const info = (digit: string) =>
    call.dialog!.request('INFO', {
      body: { contentType: 'application/dtmf-relay', content: `Signal=${digit}\r\nDuration=160\r\n` },
    });
  call.press('1');
  await s.run(120);
  await s.stage.clock.settle(info('1'));
  await s.run(500);
  await s.stage.clock.settle(info('2'));
  await s.run(500);
  await s.stage.clock.settle(info('2'));
  await s.run(500);
  assert.equal(s.sentTo('/digits')[0]?.digits, '122');
  await s.end();
});

test('play joins its files without a gap, and its hook tells how long it played', async () => {
  const s = await scene({
    '/': [{ verb: 'play', url: [toneUrl(440, 1_000), toneUrl(440, 1_000)], loop: 2, actionHook: '/played' }],
    '/played': [{ verb: 'hangup' }],
  });
  const call = await s.dial();
  await s.run(4_600);
  const [played] = s.sentTo('/played');
  assert.equal(played?.reason, 'playCompleted');
  assert.equal(played?.playback_milliseconds, 4_000);
  assert.equal(played?.playback_seconds, 4);
  const pcm = call.audio.between(call.answeredAt + 200, call.answeredAt + 3_900);
  assert.deepEqual(gaps(pcm, 8_000, 10), []);
  await s.end();
});

test('say speaks with the embedded voice, and speaks the same text from the cache', async () => {
  const s = await scene({
    '/': [{ verb: 'say', text: 'Hello world.' }, { verb: 'say', text: 'Hello world.' }, { verb: 'hangup' }],
  });
  const call = await s.dial();
  await s.run(6_000);
  const spoken = s.stage.events.filter((e) => e.event.type === 'speech-synthesized').map((e) => e.event.from_cache);
  assert.deepEqual(spoken, [false, true]);
  assert.ok(levelDbov(call.audio.between(call.answeredAt, call.answeredAt + 2_000)) > -40);
  await s.end();
});

test('pause does not answer; sip:decline gives its status once', async () => {
  const s = await scene({
    '/': [
      { verb: 'pause', length: 1 },
      { verb: 'sip:decline', status: 486, reason: 'Busy Here', headers: { 'X-Why': 'lunch' } },
    ],
  });
  const call = await s.dial();
  assert.equal(await call.answered, 486);
  assert.equal(call.finalResponse?.header('X-Why'), 'lunch');
  await s.run(500);
  assert.deepEqual(s.statuses(), ['trying', 'failed']);
  assert.equal(s.sentTo('/status')[1]?.sip_status, 486);
  await s.end();
});

test('an application that ends without answering is declined with 603, and says so once', async () => {
  const s = await scene({ '/': [{ verb: 'pause', length: 1 }] });
  const call = await s.dial();
  assert.equal(await call.answered, 603);
  await s.run(200);
  assert.deepEqual(s.statuses(), ['trying', 'failed']);
  await s.end();
});

test('redirect moves to another hook; tag is in every later payload', async () => {
  const s = await scene({
    '/': [
      { verb: 'tag', data: { keepMyCase: 1 } },
      { verb: 'redirect', actionHook: '/second' },
    ],
    '/second': [{ verb: 'answer' }, { verb: 'hangup', headers: { 'X-Bye': 'now' } }],
  });
  const call = await s.dial();
  await s.run(500);
  assert.deepEqual(s.sentTo('/second')[0]?.customerData, { keepMyCase: 1 });
  assert.ok(call.ended?.by === 'remote' && call.ended.request.header('X-Bye') === 'now');
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  await s.end();
});

test('dtmf reaches the phone in order', async () => {
  const s = await scene({ '/': [{ verb: 'dtmf', dtmf: '159*', duration: 100 }, { verb: 'hangup' }] });
  const call = await s.dial();
  await s.run(3_000);
  assert.deepEqual(call.audio.digits, ['1', '5', '9', '*']);
  await s.end();
});

test('early media plays before the answer', async () => {
  const s = await scene({
    '/': [
      { verb: 'play', url: toneUrl(440, 1_000), earlyMedia: true },
      { verb: 'sip:decline', status: 480 },
    ],
  });
  const call = await s.dial();
  assert.equal(await call.answered, 480);
  assert.ok((call.provisionals.find((r) => r.status === 183)?.body.length ?? 0) > 0);
  assert.ok(toneLevelDbov(call.audio.between(0, s.stage.clock.now()), 440, 8_000) > -20);
  await s.run(200);
  assert.deepEqual(s.statuses(), ['trying', 'failed']);
  await s.end();
});

test('a bad application is refused with the exact path, and the caller is told', async () => {
  const s = await scene({ '/': [{ verb: 'answer' }, { verb: 'gather', play: { url: 'nonsense' } }] });
  const call = await s.dial();
  assert.equal(await call.answered, 480);
  assert.match(call.finalResponse?.header('X-Reason') ?? '', /^\[1\]\.gather\.play\.url: /);
  await s.run(200);
  assert.deepEqual(s.statuses(), ['failed']);
  assert.equal(s.stage.alerts[0]?.type, 'invalid-app-payload');
  await s.end();
});

test('sip:request tells its hook what the far end answered', async () => {
  const s = await scene({
    '/': [
      { verb: 'answer' },
      { verb: 'sip:request', method: 'info', body: 'hi', headers: { 'X-A': 1 }, actionHook: '/done' },
    ],
    '/done': [{ verb: 'hangup' }],
  });
  const call = await s.dial();
  await s.run(500);
  assert.equal(call.requests[0]?.method, 'INFO');
  assert.equal(Buffer.from(call.requests[0]!.body).toString(), 'hi\n');
  assert.deepEqual([s.sentTo('/done')[0]?.result, s.sentTo('/done')[0]?.sip_status], ['success', 200]);
  await s.end();
});

test('a caller whose sound stops is hung up after the media timeout, and the BYE says why', async () => {
  const calls = { mediaInactivityMs: 5_000 };
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] }, { settings: { calls } });
  const call = await s.dial();
  await s.run(2_000);
  call.audio.speaking = false;
  await s.run(6_000);
  assert.ok(call.ended?.by === 'remote' && call.ended.request.header('X-Reason') === 'Media Timeout');
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  await s.end();
});

test('with inbandDtmf digits are heard in the sound', async () => {
  const calls = { inbandDtmf: true };
  const s = await scene(
    { '/': [{ verb: 'gather', actionHook: '/digits', numDigits: 4, timeout: 30 }], '/digits': [{ verb: 'hangup' }] },
    { settings: { calls } },
  );
  const call = await s.dial();
  const tones = new TonePlayer({ steps: dtmfSteps('73#0', 100, 100), loops: 1 }, 8_000);
  const spoken = new Int16Array(160);
  call.audio.voice = () => {
    spoken.fill(0, tones.read(spoken));
    return spoken;
  };
  await s.run(3_000);
  assert.equal(s.sentTo('/digits')[0]?.digits, '73#0');
  await s.end();
});

test('config with earlyMedia streams and plays before the answer', async () => {
  const s = await scene({
    '/': [
      { verb: 'config', earlyMedia: true, boostAudioSignal: 3 },
      { verb: 'sip:decline', status: 480 },
    ],
  });
  const phone = await s.stage.phone('early');
  const call = await phone.call(s.stage.uriOf(s.app));
  assert.equal(await s.stage.clock.settle(call.answered), 480);
  assert.deepEqual(
    call.provisionals.map(({ status }) => status).filter((status) => status > 100),
    [183],
  );
  await s.run(1_000);
  await s.end();
});

test('what nobody knows inside a verb is taken, and told once with its path, whoever runs it', async () => {
  const strange = { verb: 'play', url: toneUrl(440, 200), actionHook: { url: '/done', nonsense: 1 } };
  const s = await scene({
    '/': [strange, { verb: 'conference', name: 'room', waitHook: '/wait', startConferenceOnEnter: false }],
    '/wait': [{ verb: 'say', text: 'a', synthesizer: { vendor: 'flite', nonsense: 1 } }],
  });
  const call = await s.dial();
  await s.run(1_000);
  const sid = sidOf(call);
  const whisper = { verb: 'say', text: 'a', synthesizer: { vendor: 'flite', colour: 'red' } };
  assert.equal((await s.update(call, { whisper })).status, 202);
  await s.run(500);
  assert.deepEqual(
    s.stage
      .eventsOf(sid, 'options-unknown')
      .slice(0, 3)
      .map(({ verb, paths }) => [verb, paths]),
    [
      ['play', ['[0].play.actionHook.nonsense']],
      ['say', ['[0].say.synthesizer.nonsense']],
      ['say', ['[0].say.synthesizer.colour']],
    ],
  );
  assert.deepEqual(s.stage.eventsOf(sid, 'alert'), []);
  assert.equal(s.sentTo('/done').length, 1, 'it ran all the same');
  await s.stage.clock.settle(call.hangup());
  await s.run(1_000);
  await s.end();
});

test('a caller without a description hears nothing before the answer: verbs for that are skipped, and say why', async () => {
  const s = await scene({
    '/': [
      { verb: 'play', url: toneUrl(440, 500), earlyMedia: true },
      { verb: 'play', url: toneUrl(880, 500) },
    ],
  });
  const phone = await s.stage.phone('late');
  const call = await phone.call(s.stage.uriOf(s.app), { late: true });
  assert.equal(await s.stage.clock.settle(call.answered), 200);
  await s.run(1_500);
  const skipped = s.stage.events.filter(({ event }) => event.type === 'verb-skipped').map(({ event }) => event.reason);
  assert.deepEqual(skipped, ['nothing can be heard before the answer: the INVITE brought no session description']);
  assert.ok(call.ended, 'the second one was played, and the call is over');
  await s.end();
});
