// Speech: the cache, shared synthesis, time limits, refusals, closing. On the virtual clock, with a synthesizer that obeys the test.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Fault, isFault, refuse } from '../base/index.ts';
import { VirtualClock } from '../base/sim/index.ts';
import { makeSpeech, type Speech, type SpeechAudio, type SpeechVendor, type SynthesizerChoice } from './index.ts';
import { MAX_TEXT_CHARS, SYNTHESIS_TIMEOUT_MS } from './limits.ts';

const choice: SynthesizerChoice = { vendor: 'robot', language: 'en-US', voice: 'a' };
const audio = (samples = 100): SpeechAudio => ({ pcm: new Int16Array(samples).fill(7), sampleRate: 16_000 });

interface Pending {
  text: string;
  signal: AbortSignal;
  resolve(audio: SpeechAudio): void;
  reject(error: unknown): void;
}

interface World {
  clock: VirtualClock;
  speech: Speech;
  /** What the synthesizer was asked for and has not answered. */
  pending: Pending[];
  made: number;
  closed: number;
}

function world(t: TestContext, limits: { memoryBytes?: number } = {}): World {
  const clock = new VirtualClock();
  const w: World = { clock, speech: undefined as unknown as Speech, pending: [], made: 0, closed: 0 };
  const vendor: SpeechVendor = {
    name: 'robot',
    voices: [],
    takes: (name) => name === 'robot',
    makeSynthesizer: () => {
      w.made++;
      return {
        check: ({ voice }) => (voice === 'nobody' ? refuse('tts-unknown-voice', 'no voice "nobody"') : undefined),
        synthesize: (_choice, text, signal) =>
          new Promise((resolve, reject) => w.pending.push({ text, signal, resolve, reject })),
        close: async () => void w.closed++,
      };
    },
  };
  w.speech = makeSpeech({ clock, vendors: [vendor], http: () => Promise.reject(new Error('none')), limits });
  t.after(async () => {
    await w.speech.close();
    assert.equal(clock.pendingTimers, 0, 'timers left');
    assert.equal(clock.holds, 0, 'holds left');
  });
  return w;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const faultOf = (promise: Promise<unknown>): Promise<Fault> =>
  promise.then(
    () => assert.fail('no fault'),
    (error: unknown) => (isFault(error) ? error : assert.fail(String(error))),
  );

test('the second time it comes from the cache, at once', async (t) => {
  const w = world(t);
  const first = w.speech.speak(choice, 'hello');
  await w.clock.runFor(250);
  w.pending.shift()!.resolve(audio());
  const one = await first;
  assert.equal(one.fromCache, false);
  assert.equal(one.elapsedMs, 250);
  const two = await w.speech.speak(choice, 'hello');
  assert.equal(two.fromCache, true);
  assert.equal(two.elapsedMs, 0);
  assert.equal(two.pcm, one.pcm);
  assert.equal(w.pending.length, 0);
  assert.equal(w.made, 1);
});

test('calls that ask at the same time share one synthesis', async (t) => {
  const w = world(t);
  const all = Array.from({ length: 50 }, () => w.speech.speak(choice, 'hello'));
  await turn();
  assert.equal(w.pending.length, 1);
  w.pending[0]!.resolve(audio());
  for (const spoken of await Promise.all(all)) assert.equal(spoken.pcm.length, 100);
});

test('everything that changes the sound is in the key, the order of options is not', async (t) => {
  const w = world(t);
  const others: SynthesizerChoice[] = [
    choice,
    { ...choice, voice: 'b' },
    { ...choice, language: 'en-GB' },
    { ...choice, label: 'second' },
    { ...choice, options: { speed: 1, pitch: 2 } },
    { ...choice, options: { speed: 2, pitch: 2 } },
    { ...choice, options: { speed: 1, nested: { a: 1 } } },
    { ...choice, custom: { url: 'https://a' } },
    { ...choice, custom: { url: 'https://b' } },
    { ...choice, custom: { url: 'https://b', authToken: 'x' } },
  ];
  const waits = others.map((one) => w.speech.speak(one, 'hello'));
  waits.push(w.speech.speak(choice, 'hello!'), w.speech.speak(choice, 'Hello'));
  await turn();
  assert.equal(w.pending.length, waits.length);
  for (const { resolve } of w.pending) resolve(audio());
  await Promise.all(waits);
  assert.equal((await w.speech.speak({ ...choice, options: { pitch: 2, speed: 1 } }, 'hello')).fromCache, true);
});

test('noCache neither reads nor fills the cache nor shares', async (t) => {
  const w = world(t);
  const waits = [1, 2].map(() => w.speech.speak(choice, 'hello', { noCache: true }));
  await turn();
  assert.equal(w.pending.length, 2);
  for (const { resolve } of w.pending.splice(0)) resolve(audio());
  for (const spoken of await Promise.all(waits)) assert.equal(spoken.fromCache, false);
  const again = w.speech.speak(choice, 'hello');
  await turn();
  w.pending[0]!.resolve(audio());
  assert.equal((await again).fromCache, false);
});

test('memory is bounded, and what was used longest ago goes first', async (t) => {
  const w = world(t, { memoryBytes: 1000 });
  const say = async (text: string, samples = 100): Promise<boolean> => {
    const spoken = w.speech.speak(choice, text);
    await turn();
    w.pending.shift()?.resolve(audio(samples));
    return (await spoken).fromCache;
  };
  // 200 bytes each: five fit.
  for (const text of ['1', '2', '3', '4', '5']) assert.equal(await say(text), false);
  assert.equal(await say('1'), true);
  assert.equal(await say('6'), false);
  assert.equal(await say('1'), true);
  assert.equal(await say('2'), false);
  // An entry above a quarter of the limit is not kept and displaces nothing.
  assert.equal(await say('long', 200), false);
  assert.equal(await say('long', 200), false);
  assert.equal(await say('1'), true);
});

test('a caller who goes leaves the synthesis to the others; when the last goes, it is aborted', async (t) => {
  const w = world(t);
  const [a, b] = [new AbortController(), new AbortController()];
  const first = w.speech.speak(choice, 'hello', { signal: a.signal });
  const second = w.speech.speak(choice, 'hello', { signal: b.signal });
  await turn();
  a.abort(new Error('hung up'));
  await assert.rejects(first, /hung up/);
  assert.equal(w.pending[0]!.signal.aborted, false);
  b.abort(new Error('hung up too'));
  await assert.rejects(second, /hung up too/);
  assert.equal(w.pending[0]!.signal.aborted, true);
  // The same text is then a new synthesis, and a late answer of the old one is nobody's.
  const third = w.speech.speak(choice, 'hello');
  await turn();
  w.pending[0]!.resolve(audio(1));
  w.pending[1]!.resolve(audio(2));
  assert.equal((await third).pcm.length, 2);
  const gone = new AbortController();
  gone.abort(new Error('before'));
  await assert.rejects(w.speech.speak(choice, 'x', { signal: gone.signal }), /before/);
});

test('a failure is not kept: the next call tries again', async (t) => {
  const w = world(t);
  const first = faultOf(w.speech.speak(choice, 'hello'));
  await turn();
  w.pending.shift()!.reject(new Error('secret inside'));
  const fault = await first;
  assert.equal(fault.code, 'tts-failed');
  assert.equal(fault.message, 'robot failed to speak');
  assert.equal((fault.cause as Error).message, 'secret inside');
  const second = w.speech.speak(choice, 'hello');
  await turn();
  w.pending.shift()!.resolve(audio());
  assert.equal((await second).fromCache, false);
});

test("a synthesizer's own Fault passes as it is", async (t) => {
  const w = world(t);
  const wait = faultOf(w.speech.speak(choice, 'hello'));
  await turn();
  w.pending.shift()!.reject(new Fault('tts-failed', 'its server answered 500', { retryable: true }));
  assert.equal((await wait).message, 'its server answered 500');
});

test('a synthesizer that never answers is given up', async (t) => {
  const w = world(t);
  const wait = faultOf(w.speech.speak(choice, 'hello'));
  await w.clock.runFor(SYNTHESIS_TIMEOUT_MS - 1);
  assert.equal(w.pending[0]!.signal.aborted, false);
  await w.clock.runFor(1);
  const fault = await wait;
  assert.equal(fault.code, 'tts-failed');
  assert.match(fault.message, /longer than 20 s/);
  assert.equal(w.pending[0]!.signal.aborted, true);
});

test('who or what is unknown is told apart', async (t) => {
  const w = world(t);
  const vendor = await faultOf(w.speech.speak({ ...choice, vendor: 'nobody' }, 'hello'));
  assert.equal(vendor.code, 'tts-unknown-vendor');
  assert.match(vendor.message, /known are: robot/);
  assert.equal((await faultOf(w.speech.speak({ ...choice, voice: 'nobody' }, 'hello'))).code, 'tts-unknown-voice');
  assert.equal((await faultOf(w.speech.speak(choice, 'x'.repeat(MAX_TEXT_CHARS + 1)))).code, 'tts-too-long');
  const long = faultOf(w.speech.speak(choice, 'a very slow voice'));
  await turn();
  w.pending.shift()!.resolve({ pcm: new Int16Array(8000 * 1201), sampleRate: 8000 });
  assert.equal((await long).code, 'tts-too-long');
});

test('closing ends what is under way and closes the synthesizer once', async (t) => {
  const w = world(t);
  const wait = faultOf(w.speech.speak(choice, 'hello'));
  await turn();
  await w.speech.close();
  await w.speech.close();
  assert.match((await wait).message, /shutting down/);
  assert.equal(w.closed, 1);
  assert.equal(w.pending[0]!.signal.aborted, true);
  assert.match((await faultOf(w.speech.speak(choice, 'hello'))).message, /shutting down/);
});

test('purge empties the memory', async (t) => {
  const w = world(t);
  const first = w.speech.speak(choice, 'hello');
  await turn();
  w.pending.shift()!.resolve(audio());
  await first;
  await w.speech.purge();
  const again = w.speech.speak(choice, 'hello');
  await turn();
  assert.equal(w.pending.length, 1);
  w.pending.shift()!.resolve(audio());
  assert.equal((await again).fromCache, false);
});
