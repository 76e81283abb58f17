// What the arithmetic on one 20 ms frame costs: CPU time (best of several rounds, as others share the machine) and heap allocated.
// node bench/audio.ts [name]
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  Concealer,
  codecs,
  DtmfDetector,
  Gain,
  mixInto,
  NoiseGenerator,
  Resampler,
  sine,
  softClip,
  TonePlayer,
} from '../src/audio/index.ts';
import { realRandom } from '../src/base/index.ts';

const rounds = 7;
const callsPerRound = 4000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const only = process.argv[2];

function bench(name: string, frame: () => void): void {
  if (only && !name.includes(only)) return;
  for (let i = 0; i < callsPerRound; i++) frame();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < callsPerRound; i++) frame();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / callsPerRound);
  }
  collect();
  const heap = process.memoryUsage().heapUsed;
  for (let i = 0; i < callsPerRound; i++) frame();
  const bytes = (process.memoryUsage().heapUsed - heap) / callsPerRound;
  console.log(
    `${name.padEnd(34)} ${best.toFixed(2).padStart(7)} us ${Math.max(0, bytes).toFixed(0).padStart(5)} bytes`,
  );
}

const toneAt = (sampleRate: number): Int16Array =>
  sine({ hz: 700, amplitude: 9000, samples: sampleRate / 50, sampleRate });

for (const codec of codecs) {
  const pcm = toneAt(codec.sampleRate);
  const bytes = new Uint8Array(codec.bytesPerMs * 20);
  const encoder = codec.makeEncoder();
  const decoder = codec.makeDecoder();
  bench(`${codec.name} encode`, () => encoder.encode(pcm, bytes));
  bench(`${codec.name} decode`, () => decoder.decode(bytes, pcm));
}

const rates = [
  [8000, 16_000],
  [16_000, 8000],
  [24_000, 8000],
  [44_100, 8000],
  [48_000, 8000],
  [8000, 48_000],
] as const;
for (const [from, to] of rates) {
  const resampler = new Resampler(from, to);
  const pcm = toneAt(from);
  const out = new Int16Array(to / 50 + 2);
  bench(`resample ${from} to ${to}`, () => resampler.process(pcm, out));
}

const frame = toneAt(8000);
const out = new Int16Array(160);
const sum = new Int32Array(160).fill(1000);
const detector = new DtmfDetector(8000);
bench('DTMF detector', () => detector.process(frame));
const concealer = new Concealer(8000);
bench('concealer, frame received', () => concealer.good(frame));
bench('concealer, every second lost', () => {
  concealer.good(frame);
  concealer.conceal(out);
});
const gain = new Gain(8000);
gain.set(-6);
bench('gain', () => gain.apply(out));
bench('mix one frame in', () => mixInto(out, frame));
bench('wide sum to 16 bits', () => softClip(sum, out));
const steps = [{ onMs: 1000, offMs: 0, frequencies: [440, 480], levelDbm0: -13 }];
const player = new TonePlayer({ steps, loops: Number.POSITIVE_INFINITY }, 8000);
bench('tone of two sines', () => player.read(out));
const noise = new NoiseGenerator(realRandom());
noise.set({ levelDbov: -60, reflection: [] });
bench('comfort noise', () => noise.fill(out));
