// config.noiseIsolation: as the live command noise_isolation_status, for either direction (verbs.md 9).
import { isObject, isRefusal, type Refusal, refuse } from '../base/index.ts';
import { type Call, type IsolationWish, isolate, isolationRefusal, readIsolation } from '../calls/index.ts';

/** A vendor's name alone enables it. */
function read(input: unknown): IsolationWish | Refusal | undefined {
  if (input === undefined) return undefined;
  const options = typeof input === 'string' ? { vendor: input } : input;
  if (!isObject(options)) return refuse('verb-option', 'must be an object', { path: 'noiseIsolation' });
  const { enable = true, vendor, mode, level, model, direction } = options;
  if (typeof enable !== 'boolean')
    return refuse('verb-option', 'must be true or false', { path: 'noiseIsolation.enable' });
  const parts = { enable, vendor: vendor ?? mode, level, model, direction };
  return readIsolation(parts, (part) => `noiseIsolation.${part}`);
}

export function noiseRefusal(input: unknown): Refusal | undefined {
  const wish = read(input);
  return isRefusal(wish) ? wish : undefined;
}

/** Without it the application goes on; an alert says why. */
export async function configureIsolation(call: Call, input: unknown): Promise<void> {
  const wish = read(input);
  if (!wish || isRefusal(wish)) return;
  const refusal = isolationRefusal(wish);
  if (refusal) return call.alert('no-krisp', refusal.reason);
  await isolate(call.leg, wish).catch((error: unknown) => {
    if (!call.ended) call.alert('no-krisp', error instanceof Error ? error.message : String(error));
  });
}
