// tone_stream:// and silence_stream:// as clips: one pass is rendered, in slices, and repeats itself.
import { parseToneUrl, TonePlayer, type ToneProgram } from '../../../audio/index.ts';
import { Fault, isRefusal } from '../../../base/index.ts';
import { maxToneSeconds, renderSliceMs } from '../../limits.ts';
import { Clip } from '../clip.ts';
import type { Prompt, PromptWorld } from '../prompts.ts';

export async function loadTone(world: PromptWorld, url: string, sampleRate: number): Promise<Prompt> {
  const program = parseToneUrl(url);
  if (isRefusal(program)) throw new Fault('play-format', program.reason);
  const clip = await render(world, program, sampleRate);
  return { clip, freshUntil: Number.POSITIVE_INFINITY };
}

async function render(world: PromptWorld, program: ToneProgram, sampleRate: number): Promise<Clip> {
  const samplesOf = (ms: number): number => Math.round((ms * sampleRate) / 1000);
  const samples = program.steps.reduce((sum, { onMs, offMs }) => sum + samplesOf(onMs) + samplesOf(offMs), 0);
  if (program.steps.every((step) => step.frequencies.length === 0 && !step.noise)) {
    return Clip.silence(samples, sampleRate, program.loops);
  }
  if (samples > maxToneSeconds * sampleRate) {
    throw new Fault('play-too-large', `a tone lasts at most ${maxToneSeconds} s; let it loop instead`);
  }
  const pcm = new Int16Array(samples);
  const player = new TonePlayer({ steps: program.steps, loops: 1 }, sampleRate);
  const slice = samplesOf(renderSliceMs);
  for (let at = 0; at < samples; at += slice) {
    if (at > 0) await new Promise<void>((resolve) => world.clock.soon(resolve));
    player.read(pcm.subarray(at, at + slice));
  }
  return Clip.of(pcm, sampleRate, program.loops);
}
