// amd, as dial and config hold it: what of it cannot work. Paths begin with `amd`.
import type { Refusal } from '../base/index.ts';
import { type AmdInput, amdRefusal } from '../calls/index.ts';
import { recognizerRefusal } from './gather/options.ts';

export function amdVerbRefusal(input: AmdInput | undefined): Refusal | undefined {
  const refusal = amdRefusal(input);
  if (refusal) return refusal;
  const recognizer = recognizerRefusal(input?.recognizer);
  return recognizer && { ...recognizer, path: `amd.${recognizer.path}` };
}
