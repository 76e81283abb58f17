// Every way a call can end while something else is under way: one final status, one final response, nobody left waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../../src/base/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { serverHost } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const finals = new Set(['completed', 'busy', 'no-answer', 'failed']);
const finalsOf = (s: Scene): string[] => s.statuses().filter((status) => finals.has(status));

/** A call that may not be answered. */
async function begin(s: Scene): Promise<PhoneCall> {
  const phone = await s.stage.phone();
  return phone.call(s.stage.uriOf(s.app));
}

const later = (s: () => Scene, ms: number, reply: unknown) => async () => {
  await sleep(s().stage.clock, ms);
  return reply as never;
};

test('CANCEL while the application thinks: no-answer, once, and the late answer changes nothing', async () => {
  const s: Scene = await scene({ '/': later(() => s, 3_000, [{ verb: 'play', url: toneUrl(440) }]) });
  const call = await begin(s);
  await s.run(1_000);
  await call.hangup();
  assert.equal(await s.stage.clock.settle(call.answered), 487);
  await s.run(5_000);
  assert.deepEqual(s.statuses(), ['no-answer']);
  assert.equal(s.sentTo('/status')[0]?.call_termination_by, 'caller');
  assert.equal(s.stage.house.directory.size, 0);
  await s.end();
});

test('CANCEL while the records are read: the application is never asked', async () => {
  const s = await scene({ '/': [{ verb: 'answer' }] });
  const { applications } = s.stage.records;
  const get = applications.get.bind(applications);
  applications.get = async (sid) => {
    await sleep(s.stage.clock, 500);
    return get(sid);
  };
  const call = await begin(s);
  await s.run(100);
  await call.hangup();
  assert.equal(await s.stage.clock.settle(call.answered), 487);
  await s.run(2_000);
  assert.deepEqual(s.hooks, []);
  assert.equal(s.stage.house.directory.size, 0);
  await s.end();
});

test('an INVITE that is admitted while the server stops is turned away', async () => {
  const s = await scene({ '/': [{ verb: 'pause', length: 60 }] });
  const { applications } = s.stage.records;
  const get = applications.get.bind(applications);
  applications.get = async (sid) => {
    await sleep(s.stage.clock, 500);
    return get(sid);
  };
  const call = await begin(s);
  await s.run(100);
  await s.stage.clock.settle(s.stage.house.directory.close());
  assert.equal(await s.stage.clock.settle(call.answered), 503);
  assert.deepEqual(s.hooks, []);
  await s.end();
});

test('BYE at the moment the application hangs up: completed, once', async () => {
  for (const offset of [-3, -2, -1, 0, 1, 2, 3]) {
    const s = await scene({ '/': [{ verb: 'answer' }, { verb: 'pause', length: 1 }, { verb: 'hangup' }] });
    const call = await s.dial();
    await s.run(1_000 + offset);
    await s.stage.clock.settle(call.hangup());
    await s.run(3_000);
    assert.deepEqual(finalsOf(s), ['completed'], `${offset} ms`);
    assert.equal(s.stage.eventsOf(sidOf(call), 'ended').length, 1);
    await s.end();
  }
});

test('BYE while an update waits for its effect: the update says that the call ended', async () => {
  const s: Scene = await scene({
    '/': [{ verb: 'play', url: toneUrl(440) }],
    '/slow': later(() => s, 2_000, [{ verb: 'play', url: toneUrl(880) }]),
  });
  const call = await s.dial();
  const update = s.updating(call, { call_hook: '/slow' }, true);
  await s.run(500);
  await s.stage.clock.settle(call.hangup());
  const outcome = await s.stage.clock.settle(update);
  assert.equal(outcome.status, 422, JSON.stringify(outcome));
  assert.deepEqual(finalsOf(s), ['completed']);
  await s.end();
});

test('`ended` is the last event of a call, also when an update fails for it', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }], '/next': () => new Promise(() => {}) });
  const call = await s.dial();
  assert.equal((await s.update(call, { call_hook: '/next' })).status, 202);
  assert.equal((await s.update(call, { whisper: '/next' })).status, 202);
  await s.stage.clock.settle(call.hangup());
  await s.run(5_000);
  assert.equal(s.stage.events.at(-1)?.event.type, 'ended');
  await s.end();
});

test('a hook that answers nonsense after the call has ended adds no status', async () => {
  const s: Scene = await scene({
    '/': [{ verb: 'gather', numDigits: 1, actionHook: '/slow', timeout: 30 }],
    '/slow': later(() => s, 2_500, [{ verb: 'nonsense' }]),
    '/hooked': later(() => s, 600, [{ verb: 'nonsense' }]),
  });
  const call = await s.dial();
  call.press('1');
  await s.run(300);
  void s.updating(call, { call_hook: '/hooked' });
  await s.run(100);
  await s.stage.clock.settle(call.hangup());
  await s.run(5_000);
  assert.equal(s.sentTo('/status').length, 3, JSON.stringify(s.sentTo('/status').map((b) => [b.call_status, b.error])));
  assert.deepEqual(finalsOf(s), ['completed']);
  await s.end();
});

test('a whisper that waits when the caller hangs up ends with the call', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const call = await s.dial();
  await s.run(300);
  const updates = [1, 2, 3].map(() => s.updating(call, { whisper: { verb: 'play', url: toneUrl(880, 5_000) } }, true));
  await s.run(300);
  await s.stage.clock.settle(call.hangup());
  const outcomes = await s.stage.clock.settle(Promise.all(updates));
  assert.deepEqual(
    outcomes.map((o) => o.status),
    [200, 422, 422],
  );
  await s.end();
});

test('an update in the same turn as the end is 422, and the other way round the call ends', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const call = await s.dial();
  const both = await s.stage.clock.settle(
    Promise.all([s.updating(call, { call_status: 'completed' }), s.updating(call, { mute_status: 'mute' })]),
  );
  assert.deepEqual(
    both.map((o) => o.status),
    [202, 422],
  );
  await s.run(500);
  assert.deepEqual(finalsOf(s), ['completed']);
  await s.end();
});

test('late offer: the answer comes in the ACK, and the caller hears the application', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440, 1_000) }, { verb: 'hangup' }] });
  const { dialog, ended } = await lateOffer(s, { ack: true });
  await s.run(4_000);
  assert.ok(dialog() && ended());
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  await s.end();
});

test('late offer whose ACK never comes: the call is ended, and nothing is left behind at once', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440, 1_000) }] });
  await lateOffer(s, { ack: false });
  await s.run(40_000);
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  const sid = s.stage.events[0]!.callSid;
  const [status] = s.stage.eventsOf(sid, 'status').slice(-1);
  const [ended] = s.stage.eventsOf(sid, 'ended');
  assert.ok(ended!.at - status!.at < 1_000, `gone ${ended!.at - status!.at} ms after its last status`);
  await s.end();
});

test('late offer whose ACK brings no answer: the call ends instead of staying silent', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const { ended } = await lateOffer(s, { ack: true, sdp: false });
  await s.run(3_000);
  assert.ok(ended(), 'BYE');
  assert.deepEqual(finalsOf(s), ['completed']);
  await s.end();
});

async function lateOffer(s: Scene, options: { ack: boolean; sdp?: boolean }) {
  const phone = await s.stage.phone('late');
  let dialog: unknown;
  let ended = false;
  const outgoing = phone.sip.invite({ uri: s.stage.uriOf(s.app), from: { uri: phone.uri } });
  const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
  outgoing.ackBody = async () => {
    if (!options.ack) await new Promise(() => {});
    return options.sdp === false ? undefined : { contentType: 'application/sdp', content: sdp };
  };
  outgoing.onAnswer = (made) => {
    dialog = made;
    made.onEnd = () => {
      ended = true;
    };
  };
  await s.run(100);
  return { dialog: () => dialog, ended: () => ended };
}

for (const [name, verbs] of [
  ['before the answer', [{ verb: 'pause', length: 30 }]],
  ['in early media', [{ verb: 'play', url: toneUrl(440), earlyMedia: true }]],
] as const) {
  test(`the media worker dies for good ${name}: the INVITE gets its final response`, async () => {
    let dead = false;
    const s = await scene(
      { '/': [...verbs] },
      {
        onWorkerStart() {
          if (dead) throw new Error('no more workers');
        },
      },
    );
    const call = await begin(s);
    await s.run(500);
    dead = true;
    s.stage.killWorker(0);
    await s.run(30_000);
    const status = await Promise.race([call.answered, Promise.resolve('none')]);
    assert.equal(status, 480);
    assert.deepEqual(finalsOf(s), ['failed']);
    await s.end();
  });
}

test('no RTP in early media for longer than the limit: the INVITE gets its final response', async () => {
  const s = await scene(
    { '/': [{ verb: 'play', url: toneUrl(440), earlyMedia: true }] },
    { settings: { calls: { ...callSettings, mediaInactivityMs: 2_000 } } },
  );
  const call = await begin(s);
  call.audio.speaking = false;
  await s.run(6_000);
  assert.equal(await Promise.race([call.answered, Promise.resolve('none')]), 480);
  assert.deepEqual(finalsOf(s), ['failed']);
  await s.end();
});

const callSettings = {
  webhookErrorStatus: 480,
  mediaInactivityMs: 0,
  mediaHoldInactivityMs: 0,
  inbandDtmf: false,
  voicemailPhrases: {},
  apiBaseUrl: undefined,
  embeddedVoice: { vendor: 'flite', language: 'en-US', voice: 'slt' },
};

for (const verb of [
  { verb: 'hangup', headers: { 'X-A': 'one\r\nInjected: yes' } },
  { verb: 'hangup', headers: { 'Bad Name': 'x' } },
  { verb: 'alert', message: 'one\r\nInjected: yes' },
  { verb: 'sip:decline', status: 486, headers: { 'X-A': 'one\r\nInjected: yes' } },
  { verb: 'sip:decline', status: 486, reason: 'one\r\nInjected: yes' },
  { verb: 'sip:request', method: 'INFO', headers: { 'X-A': 'one\r\nInjected: yes' } },
] as Json[]) {
  test(`header text of an application cannot forge a message or lose the call: ${JSON.stringify(verb)}`, async () => {
    const s = await scene({ '/': verb.verb === 'hangup' ? [{ verb: 'answer' }, verb] : [verb] });
    const call = await s.dial();
    await s.run(3_000);
    assert.ok(call.ended || call.finalResponse!.status >= 300, 'the caller is released');
    assert.equal(call.finalResponse?.header('Injected'), undefined);
    for (const response of call.provisionals) assert.equal(response.header('Injected'), undefined);
    assert.equal(finalsOf(s).length, 1);
    await s.end();
  });
}

test('a sink of events that throws does not break the call', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440, 500) }, { verb: 'hangup' }] });
  s.stage.events.push = () => {
    throw new Error('a broken sink');
  };
  const call = await s.dial();
  await s.run(2_000);
  assert.equal(call.ended?.by, 'remote');
  assert.deepEqual(finalsOf(s), ['completed']);
  assert.equal(s.stage.house.directory.size, 0);
  await s.end();
});

test('audio that had to move before the answer: the far end is told where to, and the caller hears the application', async () => {
  const s = await scene({
    '/': [
      { verb: 'pause', length: 2 },
      { verb: 'play', url: toneUrl(440) },
    ],
  });
  const { media, net } = s.stage;
  const ports: number[] = [];
  const open = media.open.bind(media);
  media.open = async (options) => {
    const port = await open(options);
    ports.push(port.local.port);
    return port;
  };
  const call = await begin(s);
  await s.run(500);
  s.stage.killWorker(0);
  const thief = await net.host(serverHost).udp({ host: serverHost, port: ports[0]! });
  await s.run(4_000);
  const sid = s.stage.events[0]!.callSid;
  assert.deepEqual(
    s.stage
      .eventsOf(sid, 'media')
      .filter((e) => e.what === 'worker-lost')
      .map((e) => e.outcome),
    ['moved'],
  );
  const before = call.audio.heard.length;
  call.press('1');
  await s.run(1_000);
  assert.ok(call.audio.heard.length - before >= 45);
  assert.equal(s.stage.eventsOf(sid, 'digit').length, 1, 'the caller is heard at the new address');
  await s.stage.clock.settle(call.hangup());
  thief.close();
  await s.end();
});

test('a caller who is not answered yet when the server stops is told to try elsewhere', async () => {
  const s = await scene({ '/': [{ verb: 'pause', length: 60 }] });
  const call = await begin(s);
  await s.run(500);
  await s.stage.clock.settle(s.stage.house.directory.close());
  assert.equal(await s.stage.clock.settle(call.answered), 503);
  assert.equal(call.finalResponse?.header('X-Reason'), 'Server Shutdown');
  assert.deepEqual(s.statuses(), ['trying', 'failed']);
  await s.end();
});
