// config.listen and config.stream: the background stream, below whatever verbs run (verbs.md 9).
import { type Refusal, refuse } from '../base/index.ts';
import type { Call } from '../calls/index.ts';
import { type ListenOptions, listenRefusal } from './listen.ts';

/** A missing `enable` counts as false, and stops it. */
export type BackgroundListen = Partial<ListenOptions> & { enable?: boolean };

type Named = 'listen' | 'stream';

export function backgroundListenRefusal(
  options: { [name in Named]?: BackgroundListen },
  name: Named,
): Refusal | undefined {
  const input = options[name];
  if (!input?.enable) return undefined;
  if (typeof input.url !== 'string') return refuse('verb-option', 'is required', { path: `${name}.url` });
  const refusal = listenRefusal(input as ListenOptions);
  return refusal && { ...refusal, path: `${name}.${refusal.path}` };
}

/** Starts or stops it; a call without audio is told so. */
export function configureListen(call: Call, input: BackgroundListen | undefined): void {
  if (!input) return;
  if (!input.enable) return call.backgroundStream.stop();
  const refusal = call.backgroundStream.start(input as ListenOptions);
  if (refusal) call.events.append('error', { what: 'config.listen', reason: refusal.reason });
}
