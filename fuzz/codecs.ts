// Fuzz target: any bytes into every decoder, any samples into every encoder, the tone parser, the DTMF detector and loss concealment.
import assert from 'node:assert/strict';
import {
  Concealer,
  codecs,
  DtmfDetector,
  parseComfortNoise,
  parseToneUrl,
  Resampler,
  TonePlayer,
} from '../src/audio/index.ts';
import { isRefusal } from '../src/base/index.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';

const corpus = [
  'tone_stream://%(2000,4000,440,480);loops=-1',
  'tone_stream://v=-7;%(100,0,941.0,1477.0);v=-7;>=2;+=.1;%(1400,0,350,440)',
  'tone_stream://L=3;d=100;w=50;l=2;19#(100,0)*AbCd',
  'silence_stream://1000,1400',
].map((text) => Buffer.from(text));

const decoders = codecs.map((codec) => codec.makeDecoder());
const encoders = codecs.map((codec) => codec.makeEncoder());
const detector = new DtmfDetector(8000);
const concealer = new Concealer(8000);
const resampler = new Resampler(22_050, 8000);
const pcm = new Int16Array(2000);
const bytes = new Uint8Array(2000);
let input: Buffer = Buffer.alloc(0);

function checkAudio(dice: Dice): void {
  const k = dice.below(codecs.length);
  const data = input.subarray(0, dice.below(500));
  const n = decoders[k]!.decode(data, pcm);
  const { sampleRate, bytesPerMs } = codecs[k]!;
  assert.equal(n, (data.length * sampleRate) / bytesPerMs / 1000);
  const wild = new Int16Array(input.buffer, input.byteOffset & ~1, Math.min(600, input.length >> 1));
  for (const samples of [pcm.subarray(0, n), wild]) {
    const written = encoders[k]!.encode(samples, bytes);
    assert.equal(written, Math.floor((samples.length * 1000 * bytesPerMs) / sampleRate));
    detector.process(samples);
    assert.ok(resampler.process(samples, bytesAsSamples()) <= resampler.maxOutput(samples.length));
    if (dice.below(3)) concealer.good(samples);
    else concealer.conceal(samples);
  }
  const noise = parseComfortNoise(data);
  if (noise) assert.ok(noise.levelDbov <= 0 && noise.reflection.every((r) => Math.abs(r) < 1));
}

const scratch = new Int16Array(1000);
const bytesAsSamples = (): Int16Array => scratch;

await runFuzz({
  name: 'codecs',
  last: () => input,
  once(dice: Dice) {
    input = Buffer.from(mutated(corpus, dice));
    if (input.length > 10) checkAudio(dice);
    const program = parseToneUrl(input.toString('latin1'));
    if (isRefusal(program)) {
      assert.ok(program.reason.length > 5);
      return 'refused';
    }
    const player = new TonePlayer(program, 8000);
    for (let i = 0; i < 3; i++) assert.ok(player.read(pcm.subarray(0, 160)) <= 160);
    return 'played';
  },
});
