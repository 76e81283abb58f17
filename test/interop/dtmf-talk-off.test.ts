// The DTMF detector listens to a minute of speech and must hear no digit in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DtmfDetector, Gain, resample } from '../../src/audio/index.ts';
import { realClock } from '../../src/base/index.ts';
import { makeSpeech } from '../../src/speech/index.ts';
import { vendors } from '../../src/vendors/index.ts';

// Rich in the open vowels and nasals that sound most like tone pairs.
const text = `Good morning, and welcome. Our menu options have changed, so please listen carefully. For bananas, oranges and melons, press one.
Many women in Rome remember the moon over the marina. Five, nine, eight, zero, seven, eleven, a million and one, hash, star, pound.
You are number nine in the queue. An agent will be with you momentarily; the estimated waiting time is more than ten minutes.
Arriving at nine, Maria and Naomi were humming a lullaby, ooh, aah, oh no, hey, yeah, hmm. We owe you a loan; you know we do.
The quick brown fox jumps over the lazy dog while nobody notices anyone annoying Henry, Noel, Liam, Emma or Allan in the early morning.
Our opening hours are from nine in the morning until a quarter to seven in the evening, Monday to Friday, and from noon on Sunday.
Please say your name, your number and the reason of your call after the tone, or hold the line, and somebody will soon be along.`;

test('no digit in a minute of speech by each voice, at three levels', async (t) => {
  const speech = makeSpeech({
    clock: realClock(),
    http: () => Promise.reject(new Error('no network in this test')),
    vendors,
  });
  t.after(() => speech.close());
  for (const voice of ['slt', 'rms', 'awb', 'kal16']) {
    const { pcm, sampleRate } = await speech.speak({ vendor: 'flite', language: 'en-US', voice }, text);
    const telephone = resample(pcm, sampleRate, 8000);
    for (const db of [-12, 0, 10]) {
      const heard = telephone.slice();
      const gain = new Gain(8000);
      gain.jump(db);
      gain.apply(heard);
      const detector = new DtmfDetector(8000);
      const digits: string[] = [];
      detector.onDigit = ({ digit, durationMs }) => digits.push(`${digit} (${durationMs} ms)`);
      detector.process(heard);
      detector.end();
      assert.deepEqual(digits, [], `${voice}, ${db} dB, ${Math.round(heard.length / 8000)} s`);
    }
    assert.ok(telephone.length > 55 * 8000, `only ${telephone.length / 8000} s of speech`);
  }
});
