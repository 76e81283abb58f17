// The test recognizer: every word of its code, through codecs, noise and loss; when utterances end; what it makes of other sounds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spoken } from '../../../test/kit/speaking.ts';
import { codecByName, Resampler } from '../../audio/index.ts';
import { SimNet, seededRandom, VirtualClock } from '../../base/sim/index.ts';
import { makeRecognizers, type RecognitionEvent, type RecognizerChoice } from '../../speech/index.ts';
import { recognizerVendors } from '../index.ts';

const choice: RecognizerChoice = {
  vendor: 'test',
  language: 'en-US',
  interim: true,
  singleUtterance: false,
  hints: [],
  options: {},
};

/** Everything told about this audio, given in frames of 20 ms and followed by so much silence. */
async function hear(
  pcm: Int16Array,
  more: Partial<RecognizerChoice> = {},
  silenceMs = 800,
): Promise<RecognitionEvent[]> {
  const clock = new VirtualClock();
  const network = new SimNet({ clock, random: seededRandom(1) }).host('10.0.0.1');
  const recognizers = makeRecognizers({ clock, network, vendors: recognizerVendors });
  const { session, sampleRate } = await recognizers.open({ ...choice, ...more }, new AbortController().signal);
  assert.equal(sampleRate, 8000);
  const events: RecognitionEvent[] = [];
  session.onEvent = (event) => events.push(event);
  const all = new Int16Array(pcm.length + silenceMs * 8);
  all.set(pcm);
  for (let at = 0; at < all.length; at += 160) session.write(all.subarray(at, at + 160));
  session.end();
  await session.done;
  return events;
}

const finals = (events: RecognitionEvent[]): string[] =>
  events.flatMap((e) =>
    e.type === 'transcript' && e.transcript.isFinal ? [e.transcript.alternatives[0]!.transcript] : [],
  );
const interims = (events: RecognitionEvent[]): string[] =>
  events.flatMap((e) =>
    e.type === 'transcript' && !e.transcript.isFinal ? [e.transcript.alternatives[0]!.transcript] : [],
  );

const all = 'zero one two three four five six seven eight nine yes no agent help stop';

test('every word is heard, in both languages, with and without gaps', async () => {
  assert.deepEqual(finals(await hear(spoken(all))), [all]);
  assert.deepEqual(finals(await hear(spoken(all, { gapMs: 0 }))), [all]);
  const german = 'null eins zwei drei vier fünf sechs sieben acht neun ja nein mensch hilfe stopp';
  const language = 'de-DE';
  assert.deepEqual(finals(await hear(spoken(german, { language }), { language })), [german]);
});

test('through G.711 and G.722, softly, and under noise', async () => {
  for (const name of ['PCMU', 'PCMA', 'G722']) {
    const codec = codecByName(name)!;
    const pcm = spoken(all, { rate: codec.sampleRate, amplitude: 900 });
    const bytes = new Uint8Array((pcm.length / codec.sampleRate) * 1000 * codec.bytesPerMs);
    codec.makeEncoder().encode(pcm, bytes);
    const out = new Int16Array(pcm.length);
    codec.makeDecoder().decode(bytes, out);
    const resampler = new Resampler(codec.sampleRate === 8000 ? 16_000 : codec.sampleRate, 8000);
    let heard = out;
    if (codec.sampleRate !== 8000) {
      heard = new Int16Array(resampler.maxOutput(out.length));
      heard = heard.subarray(0, resampler.process(out, heard));
    }
    assert.deepEqual(finals(await hear(heard)), [all], name);
  }
  const random = seededRandom('noise');
  // 8 dB below the words.
  const noisy = spoken(all, { gapMs: 120 }).map((s) => s + (random.next() - 0.5) * 2 * 8000 * 0.48);
  const events = await hear(noisy, {}, 0);
  assert.deepEqual(
    finals(events)
      .join(' ')
      .replaceAll('mumble ', '')
      .replace(/ ?mumble/g, ''),
    all,
  );
});

test('a packet that was lost in the middle of a word does not make two of it', async () => {
  const pcm = spoken('agent', { wordMs: 300 });
  pcm.fill(0, 1000, 1160);
  assert.deepEqual(finals(await hear(pcm)), ['agent']);
});

test('interims grow by a word each, and only when asked for; speech-started comes first', async () => {
  const events = await hear(spoken('yes no help'));
  assert.equal(events[0]?.type, 'speech-started');
  assert.deepEqual(interims(events), ['yes', 'yes no', 'yes no help']);
  assert.deepEqual(interims(await hear(spoken('yes no help'), { interim: false })), []);
});

test('silence of 500 ms ends an utterance, less does not', async () => {
  const pause = (ms: number): Int16Array =>
    Int16Array.from([...spoken('yes', { gapMs: 0 }), ...new Int16Array(ms * 8), ...spoken('no')]);
  assert.deepEqual(finals(await hear(pause(450))), ['yes no']);
  assert.deepEqual(finals(await hear(pause(560))), ['yes', 'no']);
});

test('the end of the audio ends an utterance; a single utterance ends the session', async () => {
  assert.deepEqual(finals(await hear(spoken('yes', { gapMs: 0 }), {}, 0)), ['yes']);
  const two = Int16Array.from([...spoken('yes'), ...new Int16Array(8000), ...spoken('no')]);
  assert.deepEqual(finals(await hear(two, { singleUtterance: true })), ['yes']);
});

test('other sounds are a mumble with little confidence; hum, DTMF and silence are no words', async () => {
  const events = await hear(spoken('hm hm'));
  assert.deepEqual(finals(events), ['mumble mumble']);
  const last = events.at(-1);
  assert.ok(last?.type === 'transcript' && last.transcript.alternatives[0]!.confidence < 0.5);
  const good = (await hear(spoken('yes'))).at(-1);
  assert.ok(good?.type === 'transcript' && good.transcript.alternatives[0]!.confidence > 0.9);
  assert.deepEqual(await hear(spoken('yes', { amplitude: 100 })), [], 'too soft to be anything');
  assert.deepEqual(await hear(new Int16Array(8000)), []);
});

test('a language it does not know is refused', async () => {
  await assert.rejects(hear(new Int16Array(160), { language: 'fr-FR' }), /knows en-US, en-GB, de-DE, not fr-FR/);
});
