// Talk detection on what can be made here: silence, noise, knocks, tones; real speech is heard in vendors/flite.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/sim/index.ts';
import { sine } from './measure.ts';
import { TalkDetector } from './talk.ts';

const rate = 8000;

/** White noise of a level, dBov. */
function noise(seconds: number, dbov: number): Int16Array {
  const random = seededRandom(`noise ${dbov}`);
  // A uniform distribution of this half width has a third of its square as power.
  const peak = 32_768 * 10 ** (dbov / 20) * Math.sqrt(3);
  return Int16Array.from({ length: seconds * rate }, () => Math.round((2 * random.next() - 1) * peak));
}

/** Times (ms) at which it changes, with what it says. */
function changes(pcm: Int16Array, { sampleRate = rate, ptimeMs = 20 } = {}): [number, boolean][] {
  const detector = new TalkDetector(sampleRate);
  const frame = (sampleRate * ptimeMs) / 1000;
  const found: [number, boolean][] = [];
  for (let at = 0; at + frame <= pcm.length; at += frame) {
    if (detector.process(pcm.subarray(at, at + frame))) {
      found.push([((at + frame) * 1000) / sampleRate, detector.talking]);
    }
  }
  return found;
}

const joined = (...parts: Int16Array[]): Int16Array => Int16Array.from(parts.flatMap((part) => [...part]));
const silence = (seconds: number): Int16Array => new Int16Array(seconds * rate);

test('silence, direct current, hum and steady noise are nobody', () => {
  assert.deepEqual(changes(silence(5)), []);
  assert.deepEqual(changes(new Int16Array(5 * rate).fill(2000)).slice(2), []);
  assert.deepEqual(changes(sine({ hz: 50, amplitude: 400, samples: 5 * rate, sampleRate: rate })), []);
  for (const dbov of [-70, -60, -50, -45, -40]) assert.deepEqual(changes(noise(10, dbov)), [], `noise at ${dbov}`);
});

test('noise that begins is taken for a voice for two seconds at most', () => {
  for (const dbov of [-55, -50, -45, -40]) {
    const found = changes(joined(silence(3), noise(10, dbov)));
    assert.ok(found.length <= 2 && (found.at(-1)?.[0] ?? 0) < 3000 + 2600, `${dbov}: ${JSON.stringify(found)}`);
    assert.ok(found.at(-1)?.[1] !== true);
  }
});

test('a knock is nobody; a loud tone is somebody, for as long as it lasts', () => {
  const knock = joined(silence(2), noise(0.03, -12), silence(2), noise(0.04, -20), silence(1));
  assert.deepEqual(changes(knock), []);
  for (const ptimeMs of [5, 10, 20, 30, 60]) {
    const found = changes(
      joined(silence(1), sine({ hz: 440, amplitude: 3000, samples: 4 * rate, sampleRate: rate }), silence(2)),
      { ptimeMs },
    );
    assert.equal(found.length, 2, JSON.stringify(found));
    const [[begun = 0] = [], [ended = 0] = []] = found;
    assert.ok(begun > 1000 && begun <= 1000 + 80 + 2 * ptimeMs, `${ptimeMs}: ${begun}`);
    assert.ok(ended >= 5500 && ended <= 5600 + 2 * ptimeMs, `${ptimeMs}: ${ended}`);
  }
});
