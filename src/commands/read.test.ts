// Update bodies and socket commands: which are read, which are refused, where and with what status.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import { readSocketCommand, readUpdate } from './read.ts';

for (const [body, rests] of [
  [{ call_status: 'completed' }, ['call_status']],
  [{ call_hook: '/next', call_status_hook: { url: 'https://x/s', method: 'get' } }, ['call_hook']],
  [{ whisper: { say: { text: 'a' } } }, ['whisper']],
  [{ mute_status: 'mute', whisper: [{ verb: 'play', url: 'x' }], tag: {} }, ['mute_status', 'tag', 'whisper']],
  [{ call_hook: '/a', child_call_hook: '/b', tag: {} }, ['call_hook', 'child_call_hook', 'tag']],
  [{ whisper: { url: 'https://x/w', method: 'GET' } }, ['whisper']],
  [{ boostAudioSignal: 0 }, ['boostAudioSignal']],
  [{ dtmf: { digit: 5 } }, ['dtmf']],
  [{ tag: { a: { b: 1 } } }, ['tag']],
  [{ dub: { verb: 'dub', id: 'd', action: 'removeTrack', track: 'm' } }, ['dub']],
  [{ call_hook: { url: '/x', basicAuth: { username: 'u', password: 'p' } } }, ['call_hook']],
] as [object, string[]][]) {
  test(`read: ${JSON.stringify(body)}`, () => {
    const read = readUpdate(body);
    assert.ok(!isRefusal(read), JSON.stringify(read));
    assert.deepEqual(read.map((c) => c.definition.rest).sort(), rests);
  });
}

test('whisper is performed after what it stands beside', () => {
  const read = readUpdate({ whisper: { verb: 'say', text: 'a' }, mute_status: 'mute' });
  assert.ok(!isRefusal(read));
  assert.equal(read.at(-1)?.definition.rest, 'whisper');
});

const action = 'conferenceParticipantAction';
const start = 'startCallRecording';
const info = (more: object): object => ({ method: 'INFO', content_type: 'a/b', content: 'x', ...more });

for (const [body, http, path, reason] of [
  [undefined, 400, undefined, /object/],
  [null, 400, undefined, /object/],
  [[], 400, undefined, /object/],
  ['mute', 400, undefined, /object/],
  [{}, 400, undefined, /no valid options/],
  [{ toString: 1 }, 400, 'toString', /no such field/],
  [JSON.parse('{"__proto__":{"tag":{}}}'), 400, '__proto__', /no such field/],
  [{ nonsense: 1, mute_status: 'mute' }, 400, 'nonsense', /updateCall has no such field/],
  [{ record: {} }, 400, 'record.action', /one of/],
  [{ record: { action: start, siprecServerURL: 'http://x' } }, 400, 'record.siprecServerURL', /SIP URIs/],
  [{ record: { action: start, siprecServerURL: 'sip:' } }, 400, 'record.siprecServerURL', /SIP URIs/],
  [{ child_call_hook: 'x' }, 400, 'child_call_hook', /absolute .*URL/],
  [{ call_hook: '/a', child_call_hook: 'x' }, 400, 'child_call_hook', /absolute .*URL/],
  [{ child_call_hook: '/a', dtmf: { digit: '1' } }, 400, undefined, /multiple options/],
  [
    { mute_status: 'mute', dtmf: { digit: '1' } },
    400,
    undefined,
    /multiple options.*mute_status.*dtmf|multiple options.*dtmf.*mute_status/,
  ],
  [{ call_status: 'completed', whisper: '/w' }, 400, undefined, /multiple options.*call_status, whisper/],
  [{ call_status_hook: '/s' }, 400, 'call_status_hook', /only together with call_hook/],
  [{ call_status_hook: '/s', tag: {} }, 400, 'call_status_hook', /only together with call_hook/],
  [{ call_status: 'busy' }, 400, 'call_status', /completed, no-answer/],
  [{ call_hook: 'next' }, 400, 'call_hook', /absolute .* URL, or a path/],
  [{ call_hook: { url: 'https://x', method: 'PUT' } }, 400, 'call_hook.method', /GET or POST/],
  [{ call_hook: '/x', call_status_hook: 'y' }, 400, 'call_status_hook', /^must be an absolute/],
  [{ dtmf: { digit: '1'.repeat(129) } }, 400, 'dtmf.digit', /1 to 128 digits/],
  [{ dtmf: { digit: '1', duration: 20_000 } }, 400, 'dtmf.duration', /40 to 10000/],
  [{ dtmf: { digit: '1', length: 3 } }, 400, 'dtmf.length', /^no such field/],
  [{ dub: { action: 'addTrack', track: 'm', volume: 3 } }, 400, 'dub.volume', /no such field/],
  [{ call_hook: { url: '/x', colour: 'red' } }, 400, 'call_hook.colour', /no such field/],
  [{ call_hook: { url: '/x', username: 1 } }, 400, 'call_hook.username', /text/],
  [
    { call_hook: '/x', call_status_hook: { url: '/x', basicAuth: { user: 'u' } } },
    400,
    'call_status_hook.basicAuth.user',
    /no such field/,
  ],
  [{ conf_hold_status: 'hold', wait_hook: { url: '/x', loop: 3 } }, 400, 'wait_hook.loop', /no such field/],
  [{ conf_hold_status: 'hold', wait_hook: { url: 'x' } }, 400, 'wait_hook.url', /absolute/],
  [{ conf_hold_status: 'hold', wait_hook: '/a', waitHook: '/b' }, 400, 'waitHook', /wait_hook once more/],
  [{ conf_hold_status: 'unhold', waitHook: '/a' }, 400, 'waitHook', /belongs to hold/],
  [{ conferenceParticipantAction: { action: 'mute', tag: 'a' } }, 400, `${action}.tag`, /belongs to tag and coach/],
  [{ conferenceParticipantAction: { action: 'tag', tag: 'a', wait_hook: '/x' } }, 400, `${action}.wait_hook`, /hold/],
  [{ call_hook: {} }, 400, 'call_hook.url', /absolute/],
  [{ call_hook: { url: 'ftp://x' } }, 400, 'call_hook.url', /absolute/],
  [{ call_hook: { url: '/x', basicAuth: { username: 1 } } }, 400, 'call_hook.basicAuth.username', /text/],
  [{ noise_isolation_status: { noise_isolation_status: 'enable', level: 3 } }, 400, 'noise_isolation_status', /one of/],
  [{ noise_isolation_status: 'enable', noise_isolation_level: 101 }, 400, 'noise_isolation_level', /0 to 100/],
  [{ listen_status: 'pause', room: 'x' }, 400, 'room', /belongs to move-to-room/],
  [{ room: 'x' }, 400, 'room', /only together with/],
  [{ dub: { action: 'removeTrack', track: 'm', play: 'https://x/a.wav' } }, 400, 'dub.play', /does not belong/],
  [{ dub: { action: 'sayOnTrack', track: 'm', say: {} } }, 400, 'dub.say.text', /characters/],
  [{ sip_request: info({ content_type: 'a/b\r\nX: y' }) }, 400, 'sip_request.content_type', /one line/],
  [{ sip_request: info({ content: 'x'.repeat(16_001) }) }, 400, 'sip_request.content', /16000/],
  [{ sip_request: info({ headers: { via: 'x' } }) }, 400, 'sip_request.headers.via', /dialog's own/],
  [{ sip_request: info({ headers: { 'X-A': 'x'.repeat(8_000) } }) }, 400, 'sip_request.headers', /8000/],
  [{ boostAudioSignal: 99 }, 400, 'boostAudioSignal', /-20 to 20/],
  [{ whisper: [] }, 400, 'whisper', /one to 10/],
  [{ whisper: [{ verb: 'say', text: 'a' }, { verb: 'gather' }] }, 400, 'whisper[1]', /say or play/],
  [{ whisper: 'a.wav' }, 400, 'whisper', /absolute .*URL/],
  [{ sip_request: { method: 'INFO' } }, 400, 'sip_request.content_type', /requires method, content_type and content/],
  [
    { sip_request: { method: 'BYE', content_type: 'a/b', content: 'x' } },
    400,
    'sip_request.method',
    /not an application/,
  ],
  [
    { sip_request: { method: 'INFO', content_type: 'a/b', content: 'x', headers: { 'X-A': '\n' } } },
    400,
    'sip_request.headers.X-A',
    /one line/,
  ],
] as [unknown, number | undefined, string | undefined, RegExp][]) {
  test(`refused at ${path}: ${JSON.stringify(body)?.slice(0, 90)}`, () => {
    const refusal = readUpdate(body);
    assert.ok(isRefusal(refusal), 'refused');
    assert.deepEqual([refusal.http, refusal.path], [http, path]);
    assert.match(refusal.reason, reason);
  });
}

for (const [name, data, queue, value] of [
  ['redirect', [{ verb: 'hangup' }], true, { verbs: [{ verb: 'hangup' }], queue: true }],
  ['redirect', { parent_call: [] }, true, { verbs: [], queue: false }],
  ['redirect', { call_hook: '/next' }, true, { hook: '/next' }],
  ['mute:status', 'mute', false, true],
  ['mute:status', { mute_status: 'unmute' }, false, false],
  ['call:status', { call_status: 'completed' }, false, 'completed'],
  ['dtmf', { dtmf: { digit: '1' } }, false, { digits: '1', durationMs: 250 }],
  ['boostAudioSignal', '3 dB', false, 3],
  ['boostAudioSignal', { boostAudioSignal: '3 dB' }, false, 3],
  ['tag', { tag: { a: 1 } }, false, { tag: { a: 1 } }],
  ['conf:participant-action', { conferenceParticipantAction: { action: 'mute' } }, false, { action: 'mute' }],
  ['child:redirect', { child_call_hook: '/child' }, false, { childHook: '/child' }],
  ['stream:status', { listen_status: 'pause' }, false, 'pause'],
  ['listen:status', { stream_status: 'resume' }, false, 'resume'],
  ['stream:status', { stream_status: 'move-to-room', room: 'x' }, false, 'move-to-room'],
  [
    'noiseIsolation:status',
    { noise_isolation_status: 'enable', vendor: 'Krisp', level: 50, direction: 'write' },
    false,
    { enable: true, vendor: 'krisp', level: 50, direction: 'write' },
  ],
] as [string, unknown, boolean, unknown][]) {
  test(`socket ${name} ${JSON.stringify(data)}`, () => {
    const read = readSocketCommand(name, data, queue);
    assert.ok(!isRefusal(read), JSON.stringify(read));
    assert.deepEqual(read.value, value);
  });
}

test('credentials of a hook in either spelling', () => {
  for (const credentials of [{ username: 'u', password: 'p' }, { basicAuth: { username: 'u', password: 'p' } }]) {
    const read = readSocketCommand('redirect', { call_hook: { url: '/x', ...credentials } }, false);
    assert.ok(!isRefusal(read));
    assert.deepEqual(read.value, { hook: { url: '/x', method: 'POST', username: 'u', password: 'p' } });
  }
});

for (const [name, data, path] of [
  ['mute:status', { mute_status: 'mute', nonsense: 1 }, 'nonsense'],
  ['mute:status', { mute_status: 'mute', tag: {} }, 'tag'],
  ['dtmf', { dtmf: { digit: '1' }, nonsense: 1 }, 'nonsense'],
  ['whisper', { whisper: '/w', nonsense: 1 }, 'nonsense'],
  ['noiseIsolation:status', { noise_isolation_status: 'enable', nonsense: 1 }, 'nonsense'],
  ['conf:hold-status', { conf_hold_status: 'hold', nonsense: 1 }, 'nonsense'],
  ['listen:status', { listen_status: 'pause', stream_status: 'resume' }, 'stream_status'],
  ['redirect', { call_hook: '/next', nonsense: 1 }, 'nonsense'],
  ['redirect', { call_hook: { url: '/next', nonsense: 1 } }, 'call_hook.nonsense'],
  ['redirect', { call_hook: '/next', parent_call: [] }, 'call_hook'],
  ['redirect', { parent_call: [], child_call: 'x' }, 'child_call'],
] as [string, unknown, string][]) {
  test(`socket ${name} ${JSON.stringify(data)} is refused at ${path}`, () => {
    const refusal = readSocketCommand(name, data, false);
    assert.ok(isRefusal(refusal), JSON.stringify(refusal));
    assert.equal(refusal.path, path);
  });
}

for (const [name, data] of [
  ['toString', {}],
  ['dtmf', { dtmf: { digit: '1', length: 3 } }],
  ['record', {}],
  ['redirect', undefined],
  ['redirect', { call_hook: 'nonsense' }],
  ['mute:status', undefined],
  ['whisper', { whisper: 'x' }],
  ['sip:request', { sip_request: {} }],
] as [string, unknown][]) {
  test(`socket ${name} ${JSON.stringify(data)} is refused`, () =>
    assert.ok(isRefusal(readSocketCommand(name, data, false))));
}
