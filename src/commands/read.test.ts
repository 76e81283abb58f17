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

for (const [body, http, path, reason] of [
  [undefined, 400, undefined, /object/],
  [null, 400, undefined, /object/],
  [[], 400, undefined, /object/],
  ['mute', 400, undefined, /object/],
  [{}, 400, undefined, /no valid options/],
  [{ toString: 1 }, 400, 'toString', /no field toString/],
  [JSON.parse('{"__proto__":{"tag":{}}}'), 400, '__proto__', /no field __proto__/],
  [{ nonsense: 1, mute_status: 'mute' }, 400, 'nonsense', /no field/],
  [{ record: {} }, 400, 'record.action', /one of/],
  [{ child_call_hook: 'x' }, 400, 'child_call_hook', /absolute URL/],
  [{ call_hook: '/a', child_call_hook: 'x' }, 400, 'child_call_hook', /absolute URL/],
  [{ child_call_hook: '/a', dtmf: { digit: '1' } }, 400, undefined, /multiple options/],
  [
    { mute_status: 'mute', dtmf: { digit: '1' } },
    400,
    undefined,
    /multiple options.*mute_status.*dtmf|multiple options.*dtmf.*mute_status/,
  ],
  [{ call_status_hook: '/s' }, 400, 'call_status_hook', /only together with call_hook/],
  [{ call_status_hook: '/s', tag: {} }, 400, 'call_status_hook', /only together with call_hook/],
  [{ call_status: 'busy' }, 400, 'call_status', /completed, no-answer/],
  [{ call_hook: 'next' }, 400, 'call_hook', /absolute URL, or a path/],
  [{ call_hook: { url: 'https://x', method: 'PUT' } }, 400, 'call_hook.method', /GET or POST/],
  [{ call_hook: '/x', call_status_hook: 'y' }, 400, 'call_status_hook', /^call_status_hook: .*absolute URL/],
  [{ dtmf: { digit: '1'.repeat(129) } }, 400, 'dtmf.digit', /1 to 128 digits/],
  [{ dtmf: { digit: '1', duration: 20_000 } }, 400, 'dtmf.duration', /40 to 10000/],
  [{ dtmf: { digit: '1', length: 3 } }, 400, 'dtmf.length', /\.length: no such field/],
  [{ dub: { action: 'addTrack', track: 'm', volume: 3 } }, 400, 'dub.volume', /\.volume: no such field/],
  [{ call_hook: { url: '/x', colour: 'red' } }, 400, 'call_hook.colour', /\.colour: no such field/],
  [{ call_hook: { url: '/x', username: 1 } }, 400, 'call_hook.username', /text/],
  [
    { call_hook: '/x', call_status_hook: { url: '/x', basicAuth: { user: 'u' } } },
    400,
    'call_status_hook',
    /no basicAuth.user/,
  ],
  [{ conf_hold_status: 'hold', wait_hook: { url: '/x', loop: 3 } }, 400, 'wait_hook', /no loop/],
  [{ boostAudioSignal: 99 }, 400, 'boostAudioSignal', /-20 to 20/],
  [{ whisper: [] }, 400, 'whisper', /one to 10/],
  [{ whisper: [{ verb: 'say', text: 'a' }, { verb: 'gather' }] }, 400, 'whisper[1]', /say or play/],
  [{ whisper: 'a.wav' }, 400, 'whisper', /absolute URL/],
  [{ sip_request: { method: 'INFO' } }, 400, 'sip_request', /requires method, content_type and content/],
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
