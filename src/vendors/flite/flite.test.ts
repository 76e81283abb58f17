// The embedded voice: every voice speaks, at telephone level, with pauses where they were asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, levelDbov, peak } from '../../audio/index.ts';
import { isFault, realClock } from '../../base/index.ts';
import { makeSpeech } from '../../speech/index.ts';
import { embeddedVoice, vendors } from '../index.ts';
import { flite } from './index.ts';

const speech = makeSpeech({ clock: realClock(), http: () => Promise.reject(new Error('no network')), vendors });
test.after(() => speech.close());

test('every voice speaks a sentence of the right length and level', async () => {
  for (const { voice, language } of flite.voices) {
    const { pcm, sampleRate } = await speech.speak(
      { vendor: 'flite', voice, language },
      'Welcome. Please press one for sales.',
    );
    const seconds = pcm.length / sampleRate;
    assert.ok(seconds > 1.8 && seconds < 5, `${voice}: ${seconds} s`);
    assert.ok(levelDbov(pcm) > -32 && levelDbov(pcm) < -12, `${voice}: ${levelDbov(pcm)} dBov`);
    assert.ok(peak(pcm) < 32_767, `${voice} is clipped`);
    assert.equal(sampleRate, voice === 'kal' ? 8000 : 16_000);
  }
});

test('the same text is the same audio, whatever was said before', async () => {
  const one = await speech.speak(embeddedVoice, 'Same again.', { noCache: true });
  await speech.speak(embeddedVoice, 'Something else.');
  assert.deepEqual((await speech.speak(embeddedVoice, 'Same again.', { noCache: true })).pcm, one.pcm);
});

test('a break is silence of that length', async () => {
  const { pcm, sampleRate } = await speech.speak(embeddedVoice, '<speak>One<break time="2s"/>two.</speak>');
  const longest = Math.max(...gaps(pcm, sampleRate, 500).map(([from, to]) => (to - from) / sampleRate));
  assert.ok(longest >= 2 && longest < 2.8, `${longest} s`);
});

test('text is text: options, quotes, control and foreign characters do no harm', async () => {
  for (const text of [
    '-voice kal -o /etc/passwd',
    '--help',
    '"; rm -rf /',
    'a\0b',
    'Grüße, 你好, 🙂 hello',
    '%s %n',
    '-',
  ]) {
    const { pcm } = await speech.speak(embeddedVoice, text);
    assert.ok(pcm.length > 0 || text === '-', text);
  }
});

test('nothing to say is no audio', async () => {
  assert.equal((await speech.speak(embeddedVoice, ' ... ')).pcm.length, 0);
});

test('another language or voice is refused with what there is', async () => {
  for (const [choice, words] of [
    [{ ...embeddedVoice, language: 'de-DE' }, /English only/],
    [{ ...embeddedVoice, voice: 'Amy' }, /slt, rms, awb, kal, kal16/],
  ] as const) {
    await assert.rejects(
      speech.speak(choice, 'x'),
      (e) => isFault(e) && e.code === 'tts-unknown-voice' && words.test(e.message),
    );
  }
});
