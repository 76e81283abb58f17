// Audio from the folders the operator allows.
import { held } from '../../../base/index.ts';
import type { Prompt, PromptWorld } from '../prompts.ts';
import { decodeToClip } from './decode.ts';

export async function loadFile(
  world: PromptWorld,
  url: string,
  want: { sampleRate: number; old: Prompt | undefined },
): Promise<Prompt> {
  const found = await held(world.clock, () => world.files.find(url));
  const freshUntil = world.clock.now() + 1;
  if (want.old?.validator?.version === found.version) return { ...want.old, freshUntil };
  const bytes = await held(world.clock, () => found.read());
  const clip = await decodeToClip(world, { bytes, contentType: '', url }, want.sampleRate);
  return { clip, freshUntil, validator: { version: found.version } };
}
