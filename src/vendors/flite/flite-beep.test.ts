// The beep detector listens to a minute of each voice and must hear no beep in it; and hears the one after a greeting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BeepDetector, Gain, resample, sine } from '../../audio/index.ts';
import { realClock } from '../../base/index.ts';
import { makeSpeech } from '../../speech/index.ts';
import { vendors } from '../index.ts';
import { flite } from './index.ts';

const speech = makeSpeech({ clock: realClock(), http: () => Promise.reject(new Error('no network')), vendors });
test.after(() => speech.close());

// Long vowels and nasals are what sounds most like a tone.
const text = `You have reached the voicemail of Noah Moone. I am away until Monday morning. Leave a name, a number and a line or two.
Ooh, aah, oh no, hmm. Who moved the moon, you ask? We do. Two blue shoes, too soon; a new flute at noon; choose a cool room.
Sing along: la la la, doo be doo, ooh, ooh, ooh. Eee, I see three green trees by the sea, he says. Mmm, nnn, zoom.
Our office in Rome is open from nine in the morning until noon. For opening hours say hours; for anyone else, say anyone.
Many men and women remember Emma, Liam, Naomi and Noel humming a lullaby in the moonlight. Please hold the line now.
If you know the extension, you may dial it any time. Nobody knew whom you knew, and you are you.
At the tone, please record your message. When you have finished, you may hang up, or press one for more options.`;

function beeps(pcm: Int16Array, sampleRate: number): number[] {
  const detector = new BeepDetector(sampleRate);
  const found: number[] = [];
  detector.onBeep = ({ frequencyHz }) => found.push(Math.round(frequencyHz));
  const frame = sampleRate / 50;
  for (let at = 0; at + frame <= pcm.length; at += frame) detector.process(pcm.subarray(at, at + frame));
  return found;
}

for (const { voice, language } of flite.voices) {
  test(`${voice}: no beep in speech at three levels, one after it`, async () => {
    const { pcm, sampleRate } = await speech.speak({ vendor: 'flite', voice, language }, text);
    assert.ok(pcm.length > 45 * sampleRate, `only ${pcm.length / sampleRate} s of speech`);
    assert.deepEqual(beeps(pcm, sampleRate), [], 'at its own rate');
    const telephone = resample(pcm, sampleRate, 8000);
    for (const db of [-12, 0, 10]) {
      const heard = telephone.slice();
      const gain = new Gain(8000);
      gain.jump(db);
      gain.apply(heard);
      assert.deepEqual(beeps(heard, 8000), [], `${db} dB`);
    }
    const beep = sine({ hz: 950, amplitude: 5000, samples: 4000, sampleRate: 8000 });
    assert.deepEqual(beeps(Int16Array.from([...telephone, ...beep, ...new Int16Array(8000)]), 8000), [950]);
  });
}
