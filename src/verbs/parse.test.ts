// What an application may say, and the exact path of what it may not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import { mostSources, mostVerbs } from './limits.ts';
import { parseApplication } from './parse.ts';

const say = { verb: 'say', text: 'Hello.' };

const bob = { type: 'sip', sipUri: 'sip:bob@10.0.0.9' };

for (const [app, path, reason] of [
  [{ verb: 'say', text: 'x' }, undefined, /array/],
  [null, undefined, /array/],
  ['say', undefined, /array/],
  [Array(mostVerbs + 1).fill(say), undefined, /at most 500/],
  [[say, null], '[1]', /object/],
  [[say, 'say'], '[1]', /object/],
  [[[]], '[0]', /object/],
  [[{}], '[0]', /"verb" property/],
  [[{ say: { text: 'x' }, play: { url: 'http://x/' } }], '[0]', /"verb" property/],
  [[{ say: 'x' }], '[0].say', /object/],
  [[{ verb: 7, text: 'x' }], '[0]', /"verb" property/],
  [[{ verb: 'nonsense' }], '[0]', /^there is no verb nonsense$/],
  [[{ verb: 'constructor' }], '[0]', /^there is no verb constructor$/],
  [[{ verb: '__proto__' }], '[0]', /^there is no verb __proto__$/],
  [[{ toString: {} }], '[0]', /^there is no verb toString$/],
  [[{ verb: 'dialogflow', credentials: '' }], '[0]', /^verb dialogflow is not in this version$/],
  [[{ verb: 'dial', target: [] }], '[0].dial.target', /fewer than 1/],
  [[{ verb: 'dial', target: [{ type: 'sip' }] }], '[0].dial.target[0]', /missing or invalid/],
  [[{ verb: 'dial', target: [{ type: 'teams', number: '1' }] }], '[0].dial.target[0].type', /Teams/],
  [[{ verb: 'dial', target: [bob, { ...bob, proxy: 'a b' }] }], '[0].dial.target[1].proxy', /SIP URI/],
  [[{ verb: 'dial', target: [{ ...bob, from: { host: 'a b' } }] }], '[0].dial.target[0].from.host', /a host/],
  [
    [{ verb: 'dial', target: [{ type: 'phone', number: '1', trunk: 't' }] }],
    '[0].dial.target[0].trunk',
    /not in this version/,
  ],
  [
    [{ verb: 'dial', target: [bob], amd: { actionHook: '/a', digitCount: 0.5 } }],
    '[0].dial.amd.digitCount',
    /whole number/,
  ],
  [[{ verb: 'config', amd: { actionHook: '' } }], '[0].config.amd.actionHook', /URL/],
  [[{ verb: 'dial', target: [bob], timeout: 0 }], '[0].dial.timeout', /more than 0/],
  [[{ verb: 'dial', target: [bob], headers: { 'X-A': 'a\r\nb' } }], '[0].dial.headers.X-A', /one line/],
  [[{ verb: 'dial', target: [bob], proxy: 'a b' }], '[0].dial.target[0].proxy', /SIP URI/],
  [[{ verb: 'dial', target: [bob], callerId: '<1>' }], '[0].dial.callerId', /one line/],
  [[{ verb: 'dial', target: [bob], dtmfCapture: ['x'] }], '[0].dial.dtmfCapture', /digits/],
  [[{ verb: 'dial', target: [bob], dtmfCapture: { childCall: ['x'] } }], '[0].dial.dtmfCapture.childCall', /digits/],
  [[{ verb: 'dial', target: [bob], boostAudioSignal: 40 }], '[0].dial.boostAudioSignal', /-20 to 20/],
  [[{ verb: 'dial', target: [bob], listen: {} }], '[0].dial.listen.url', /required/],
  [[{ verb: 'dial', target: [bob], transcribe: { channel: 3 } }], '[0].dial.transcribe.channel', /1 or 2/],
  [[{ verb: 'stream', url: 'nowhere' }], '[0].listen.url', /must be a ws/],
  [[{ verb: 'pause' }], '[0].pause.length', /required/],
  [[{ verb: 'pause', length: 'long' }], '[0].pause.length', /number/],
  [[{ verb: 'pause', length: -1 }], '[0].pause.length', /0 to/],
  [[{ verb: 'say', text: '' }], '[0].say.text', /something to say/],
  [[{ verb: 'say', text: ['a', 'x'.repeat(10_001)] }], '[0].say.text[1]', /10000 characters/],
  [[{ verb: 'say', text: Array(mostSources + 1).fill('a') }], '[0].say.text', /at most/],
  [[{ verb: 'say', text: 'a', loop: -1 }], '[0].say.loop', /whole number/],
  [[{ verb: 'say', text: 'a', loop: 'often' }], '[0].say.loop', /forever/],
  [[{ verb: 'say', text: 'a', stream: true }], '[0].say.stream', /not in this version/],
  [[{ verb: 'say', text: 'a', nonsense: 1 }], '[0].say.nonsense', /no such option/],
  [[{ verb: 'play', url: ['http://x/', 'ftp://x'] }], '[0].play.url[1]', /must be an http/],
  [[{ verb: 'play', url: 'http://x/', seekOffset: 'x' }], '[0].play.seekOffset', /samples/],
  [[{ verb: 'gather', minDigits: 5, maxDigits: 3 }], '[0].gather.minDigits', /more than/],
  [[{ verb: 'gather', finishOnKey: '##' }], '[0].gather.finishOnKey', /one key/],
  [[{ verb: 'gather', timeout: -1 }], '[0].gather.timeout', /seconds/],
  [[{ verb: 'gather', say: { text: '' } }], '[0].gather.say.text', /something to say/],
  [[{ verb: 'gather', say: { text: 'a' }, play: { url: 'http://x/' } }], '[0].gather.play', /beside say/],
  [[{ verb: 'gather', play: { url: ['x'] } }], '[0].gather.play.url[0]', /must be an http/],
  [[{ verb: 'dtmf', dtmf: '12x' }], '[0].dtmf.dtmf', /digits/],
  [[{ verb: 'dtmf', dtmf: '1', duration: 5 }], '[0].dtmf.duration', /ms/],
  [[{ verb: 'sip:decline', status: 200 }], '[0].sip:decline.status', /300 to 699/],
  [[{ verb: 'sip:request', method: 'BYE' }], '[0].sip:request.method', /not an application/],
  [[{ verb: 'config', boostAudioSignal: 'loud' }], '[0].config.boostAudioSignal', /dB/],
] as [unknown, string | undefined, RegExp][]) {
  test(`refused at ${path}: ${JSON.stringify(app)?.slice(0, 80)}`, () => {
    const refusal = parseApplication(app);
    assert.ok(isRefusal(refusal), 'refused');
    assert.equal(refusal.path, path);
    assert.match(refusal.reason, reason);
    assert.equal(refusal.http, 400);
  });
}

test('steps know their name, id, need, and whether they make a sound', () => {
  const steps = parseApplication([
    { verb: 'say', id: 'a', text: 'x', earlyMedia: true },
    { gather: { say: { text: 'x', earlyMedia: true } } },
    { verb: 'gather' },
    { verb: 'sip-decline', status: 486 },
    { verb: 'config', boostAudioSignal: 3 },
    { verb: 'config', notifyEvents: true },
  ]);
  assert.ok(!isRefusal(steps));
  assert.deepEqual(
    steps.map(({ name, id, needs, earlyMedia, audible }) => [name, id, needs, earlyMedia, audible]),
    [
      ['say', 'a', 'media', true, true],
      ['gather', undefined, 'media', true, true],
      ['gather', undefined, 'media', false, false],
      ['sip:decline', undefined, 'unanswered', false, false],
      ['config', undefined, 'media', false, false],
      ['config', undefined, 'none', false, false],
    ],
  );
  assert.deepEqual(parseApplication([]), []);
});

const recognizer = { vendor: 'test', language: 'en-US' };
const target = { type: 'sip', sipUri: 'sip:a@b' };

for (const [verb, ...paths] of [
  [{ verb: 'dial', target: [target, { ...target, nonsense: 1 }] }, '[0].dial.target[1].nonsense'],
  [
    { verb: 'dial', target: [{ ...target, confirmHook: { url: '/x', colour: 1 } }] },
    '[0].dial.target[0].confirmHook.colour',
  ],
  [{ dial: { target: [target], listen: { url: 'wss://x', nonsense: 1 } } }, '[0].dial.listen.nonsense'],
  [{ verb: 'gather', input: ['speech'], recognizer: { ...recognizer, nonsense: 1 } }, '[0].gather.recognizer.nonsense'],
  [{ verb: 'gather', say: { text: 'a', loop: 2, nonsense: 1 } }, '[0].gather.say.nonsense'],
  [
    { verb: 'say', text: 'a', synthesizer: { vendor: 'flite', nonsense: 1, more: 2 } },
    '[0].say.synthesizer.nonsense',
    '[0].say.synthesizer.more',
  ],
  [{ verb: 'config', bargeIn: { enable: false, nonsense: 1 } }, '[0].config.bargeIn.nonsense'],
  [{ verb: 'redirect', actionHook: { url: '/x', toString: 1 } }, '[0].redirect.actionHook.toString'],
  // What is known, and what may be anything.
  [{ verb: 'redirect', actionHook: { url: '/x', method: 'GET', username: 'a', password: 'b' } }],
  [
    {
      verb: 'dial',
      target: [{ ...target, auth: { username: 'a', password: 'b' }, headers: { 'X-A': 'b' } }],
      tag: { a: { b: 1 } },
    },
  ],
  [{ verb: 'listen', url: 'wss://x', metadata: { anything: { at: 'all' } }, wsAuth: { username: 'a', password: 'b' } }],
  [{ verb: 'tag', data: { anything: 1 } }],
] as [object, ...string[]][]) {
  test(`strange in ${JSON.stringify(verb)}: ${paths.join(', ') || 'nothing'}`, () => {
    const steps = parseApplication([verb]);
    assert.ok(!isRefusal(steps), JSON.stringify(steps));
    assert.deepEqual(steps[0]?.strange ?? [], paths);
  });
}

test('of many strange names ten are told', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`n${i}`, i]));
  const steps = parseApplication([{ verb: 'say', text: 'a', synthesizer: { vendor: 'flite', ...many } }]);
  assert.ok(!isRefusal(steps));
  assert.equal(steps[0]?.strange?.length, 10);
});
