// Applications that answer what they should not, on the virtual clock: the caller is never left in a dead call, and is told why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { SimHttpAnswer } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { appOrigin } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const json = { 'content-type': 'application/json' };
const text = (body: string, headers: Record<string, string> = json): SimHttpAnswer => ({ body, headers });
const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);
const play = (hz: number, ms = 60_000): Json => ({ verb: 'play', url: toneUrl(hz, ms) });

/** What an application may answer that is no application. */
const garbage: Record<string, SimHttpAnswer> = {
  'not JSON': text('this is not JSON'),
  'cut short': text('[{"verb":"play","url":"tone_str'),
  'an object': text('{"verb":"play"}'),
  'a number': text('7'),
  'a text': text('"play"'),
  null: text('null'),
  'an array of arrays': text('[[[]]]'),
  'an unknown verb': text('[{"verb":"nonsense"}]'),
  'a verb that is a number': text('[{"verb":7}]'),
  'a verb named __proto__': text('[{"verb":"__proto__"}]'),
  'a verb named constructor': text('[{"verb":"constructor"}]'),
  'a shorthand named __proto__': text('[{"__proto__":{"url":"x"}}]'),
  'a verb with a polluting option': text('[{"verb":"play","url":"x","__proto__":{"url":"tone_stream://%(1,0,1)"}}]'),
  'a constructor option': text('[{"verb":"tag","data":{},"constructor":{"prototype":{"polluted":1}}}]'),
  '100,000 levels of arrays': text(nested(100_000)),
  '100,000 levels of objects': text(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
  '100,000 levels in an option': text(`[{"verb":"tag","data":{"a":${nested(100_000)}}}]`),
  '10,000 verbs': text(JSON.stringify(Array(10_000).fill({ verb: 'pause', length: 1 }))),
  'half a megabyte of text': text(JSON.stringify([{ verb: 'say', text: 'x'.repeat(500_000) }])),
  'more than a megabyte': text(JSON.stringify([{ verb: 'say', text: 'x'.repeat(1_500_000) }])),
  'invalid UTF-8': { body: new Uint8Array([0x5b, 0xff, 0xfe, 0x80, 0x5d]), headers: json },
  'HTML with the right type': text('<html>oops</html>'),
  'HTML with its own type': text('<html>oops</html>', { 'content-type': 'text/html' }),
  'a cut connection': { body: '[{"verb":"pl', headers: json, cut: true },
  'a redirect to itself': { status: 302, headers: { location: `${appOrigin}/` } },
  'a verb with a long name': text(JSON.stringify([{ verb: 'x'.repeat(90_000) }])),
  'an option with a long name': text(JSON.stringify([{ verb: 'play', url: toneUrl(440), ['y'.repeat(90_000)]: 1 }])),
  'headers for no datagram': text(JSON.stringify([{ verb: 'hangup', headers: { 'X-Long': 'z'.repeat(90_000) } }])),
  'a reason for no datagram': text(JSON.stringify([{ verb: 'sip:decline', status: 486, reason: 'z'.repeat(90_000) }])),
  'an alert for no datagram': text(JSON.stringify([{ verb: 'alert', message: 'z'.repeat(90_000) }])),
  'a body for no datagram': text(JSON.stringify([{ verb: 'sip:request', method: 'INFO', body: 'z'.repeat(90_000) }])),
  'status 500': { status: 500 },
  'status 999': { status: 999 },
};

async function faultyScene(answer: SimHttpAnswer, at: string): Promise<Scene> {
  const s = await scene({
    '/': [{ verb: 'play', url: toneUrl(440, 500), actionHook: '/next' }, play(660)],
    '/redirected': [play(880)],
  });
  const server = s.stage.net.httpServers.get(appOrigin)!;
  const { handle } = server;
  s.stage.net.serveHttp(appOrigin, (request) => (request.path === at ? answer : handle(request)));
  return s;
}

const finalsOf = (s: Scene): string[] =>
  s.statuses().filter((status) => ['completed', 'failed', 'busy', 'no-answer'].includes(status));

test('a first answer that is no application: the call is refused with a reason, one final status, an alert', async () => {
  for (const [what, answer] of Object.entries(garbage)) {
    const s = await faultyScene(answer, '/');
    const call = await s.dial();
    assert.equal(call.finalResponse?.status, 480, what);
    assert.match(call.finalResponse?.header('X-Reason') ?? '', /\w{3}/, what);
    await s.run(1_000);
    assert.deepEqual(finalsOf(s), ['failed'], what);
    assert.ok(s.stage.alerts.length > 0, `${what}: nobody was told`);
    assert.ok((call.finalResponse?.header('X-Reason') ?? '').length < 500, `${what}: the reason is too long`);
    await s.end();
  }
  assert.equal((Object.prototype as Json).polluted, undefined);
});

test('a hook that answers no application: the next verb runs', async () => {
  for (const [what, answer] of Object.entries(garbage)) {
    const s = await faultyScene(answer, '/next');
    const call = await s.dial();
    await s.run(3_000);
    const now = s.stage.clock.now();
    assert.ok(
      toneLevelDbov(call.audio.between(now - 300, now), 660, 8_000) > -20,
      `${what}: the next verb is not heard`,
    );
    await s.stage.clock.settle(call.hangup());
    await s.run(100);
    assert.deepEqual(finalsOf(s), ['completed'], what);
    await s.end();
  }
});

test('a call_hook that answers no application: the call stays as it was, and the account is told', async () => {
  for (const [what, answer] of Object.entries(garbage)) {
    if (what === 'null' || what === 'HTML with its own type') continue; // Nothing: the next verb runs (live-call-control.md 2.2).
    const s = await faultyScene(answer, '/wrong');
    const call = await s.dial();
    await s.run(1_000);
    assert.equal((await s.update(call, { call_hook: '/wrong' })).status, 202);
    await s.run(2_000);
    const now = s.stage.clock.now();
    assert.ok(toneLevelDbov(call.audio.between(now - 300, now), 660, 8_000) > -20, what);
    assert.ok(
      s.stage.alerts.some((a) => a.type === 'error-updating-call'),
      what,
    );
    await s.stage.clock.settle(call.hangup());
    await s.end();
  }
});

/** Dials an application that never comes to an end; gives how it ended all the same. */
async function endless(
  replies: Parameters<typeof scene>[0],
  latencyMs: number,
): Promise<{ call: PhoneCall; hooks: number }> {
  const s = await scene(replies);
  s.stage.net.httpServers.get(appOrigin)!.latencyMs = latencyMs;
  const phone = await s.stage.phone('other');
  const call = await phone.call(s.stage.uriOf(s.app));
  await s.run(180_000);
  assert.ok(call.ended ?? call.finalResponse, `${s.hooks.length} hooks later the call still goes round`);
  const { callSid } = s.stage.events[0]!;
  assert.ok(s.stage.eventsOf(callSid, 'error').some((e) => /circles/.test(String(e.reason))));
  assert.equal(finalsOf(s).length, 1);
  await s.end();
  return { call, hooks: s.hooks.length };
}

test('applications that go round in circles are ended, however slowly they turn', async () => {
  const redirect = [{ verb: 'redirect', actionHook: '/' }];
  const cases: Record<string, Parameters<typeof scene>[0]> = {
    redirect: { '/': redirect },
    'tag and redirect': { '/': [{ verb: 'tag', data: {} }, ...redirect] },
    'failing play': { '/': [{ verb: 'answer' }, { verb: 'play', url: 'http://nowhere.example/x.wav' }, ...redirect] },
    'pauses of nothing': { '/': [...Array(400).fill({ verb: 'pause', length: 0 }), ...redirect] },
  };
  for (const replies of Object.values(cases)) for (const latencyMs of [1, 20, 60]) await endless(replies, latencyMs);
});

test('an application that hangs: the caller hears of it, whatever is asked meanwhile', async () => {
  const s = await scene({ '/': [play(440)] });
  const server = s.stage.net.httpServers.get(appOrigin)!;
  server.state = 'hanging';
  const phone = await s.stage.phone('other');
  const call = await phone.call(s.stage.uriOf(s.app));
  await s.run(100);
  const { callSid } = s.stage.events[0]!;
  const { calls } = s.stage.house;
  const update = (body: Json) => calls.update(s.stage.account.account_sid, callSid, body, { wait: true });
  const outcomes = Promise.all([
    update({ mute_status: 'mute' }),
    update({ tag: { a: 1 } }),
    update({ call_hook: '/x' }),
  ]);
  await s.run(60_000);
  assert.equal(call.finalResponse?.status, 480);
  assert.ok(await Promise.race([outcomes, Promise.resolve(undefined)]), 'every update was answered');
  await s.end();
});

/** Texts with line breaks in them, to smuggle a header or a whole message into SIP. */
const smuggled = 'x\r\nX-Smuggled: yes\r\n\r\nINVITE sip:x SIP/2.0\r\n';

test('no line break of an application or an operator reaches the SIP wire', async () => {
  const headers = {
    'X-A': smuggled,
    'X-B\r\nX-Smuggled': 'yes',
    'X-C: yes\r\nX-Smuggled': 'yes',
    '': 'empty',
    'X D': 'x',
  };
  const programs: Json[][] = [
    [{ verb: 'answer' }, { verb: 'hangup', headers }],
    [{ verb: 'hangup', headers }],
    [{ verb: 'sip:decline', status: 486, reason: smuggled, headers }],
    [{ verb: 'alert', message: smuggled }, { verb: 'pause', length: 1 }, { verb: 'hangup' }],
    [{ verb: 'answer' }, { verb: 'sip:request', method: 'INFO', body: smuggled, headers }, { verb: 'hangup' }],
    [
      { verb: 'answer' },
      {
        verb: 'sip:request',
        method: 'MESSAGE',
        body: 'x',
        headers: { 'Content-Type': smuggled, 'content-length': 99_999 },
      },
      { verb: 'hangup' },
    ],
  ];
  for (const program of programs) {
    const s = await scene({ '/': program });
    const lines = wireLines(s);
    const call = await s.dial();
    await s.run(3_000);
    assert.ok(call.ended ?? call.finalResponse, JSON.stringify(program).slice(0, 80));
    assert.deepEqual(smuggledIn(lines), [], JSON.stringify(program).slice(0, 80));
    await s.end();
  }
});

test('no line break of a create-call or an update reaches the SIP wire', async () => {
  const s = await scene({ '/': [play(440)] });
  const lines = wireLines(s);
  const callee = await s.stage.phone('callee');
  const to = { type: 'sip', sipUri: callee.uri };
  const good = { from: '1555', to, application_sid: s.app.application_sid };
  const bodies: Json[] = [
    { ...good, from: smuggled },
    { ...good, from: 'a"b<c>' },
    { ...good, from: '\ud800' },
    { ...good, callerName: smuggled },
    { ...good, callerName: '"quoted" \\ <x>' },
    { ...good, fromHost: smuggled },
    { ...good, fromHost: 'a b' },
    { ...good, headers: { 'X-A': smuggled } },
    { ...good, headers: { 'X-B\r\nX-Smuggled': 'yes' } },
    { ...good, headers: { Via: 'SIP/2.0/UDP evil', Route: '<sip:evil>', 'Content-Length': '0', 'X-Fine': 'yes' } },
    { ...good, to: { ...to, headers: { 'X-A': smuggled } } },
    { ...good, to: { ...to, sipUri: `${callee.uri}\r\nX-Smuggled: yes` } },
    { ...good, to: { ...to, sipUri: `${callee.uri}?X-Smuggled=yes` } },
    { ...good, to: { ...to, proxy: `${callee.uri}\r\nX-Smuggled: yes` } },
    { ...good, to: { ...to, auth: { username: smuggled, password: smuggled } } },
  ];
  for (const body of bodies) {
    const outcome = await s.stage.clock.settle(s.stage.house.calls.create(s.stage.account.account_sid, body));
    assert.ok('sid' in outcome || (outcome.http !== undefined && outcome.http < 500), JSON.stringify(outcome));
    await s.run(300);
  }
  const call = await s.dial();
  for (const sip_request of [
    { method: 'INFO', content_type: smuggled, content: smuggled },
    { method: 'INFO', content_type: 'text/plain', content: 'x', headers: { 'X-A': smuggled } },
    { method: 'INFO\r\nX', content_type: 'text/plain', content: 'x' },
    { method: 'INFO', content_type: 'text/plain', content: 'x', headers: { 'X-B\r\nX-Smuggled': 'x' } },
  ])
    await s.update(call, { sip_request });
  assert.deepEqual(smuggledIn(lines), []);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

/** Every SIP message that the server sends, as it stands on the wire. */
function wireLines(s: Scene): string[] {
  const sent: string[] = [];
  const { sip } = s.stage.house;
  const onTrace = sip.onTrace;
  sip.onTrace = (trace) => {
    onTrace(trace);
    if (trace.direction !== 'out') return;
    const { lines } = trace.message;
    sent.push(trace.summary, ...lines.map(([name, value]) => `${name}: ${value}`));
  };
  return sent;
}

/** Lines that hold a break, or are what was smuggled. */
const smuggledIn = (lines: readonly string[]): string[] =>
  lines.filter((line) => /[\r\n]/.test(line) || /^X-Smuggled/i.test(line) || /^X-C:/.test(line));

test('a call keeps its own view of keys named __proto__', async () => {
  const s = await scene({ '/': [play(440)] });
  const call = await s.dial();
  for (const body of [
    '{"tag":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
    '{"__proto__":{"mute_status":"mute"}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"whisper":{"verb":"play","__proto__":{"url":"tone_stream://%(1,0,1)"}}}',
    '{"sip_request":{"method":"INFO","content_type":"text/plain","content":"x","headers":{"__proto__":"x"}}}',
  ])
    await s.update(call, JSON.parse(body) as Json);
  assert.equal(({} as Json).polluted, undefined);
  assert.equal(call.ended, undefined);
  assert.equal(s.stage.eventsOf(sidOf(call), 'error').length, 0);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});
