// Noise isolation as applications and the API ask for it (live-call-control.md 6, verbs.md 9): read, checked, done on a leg.
import { type Refusal, refuse } from '../../base/index.ts';
import type { Leg } from '../leg/leg.ts';

export interface IsolationWish {
  enable: boolean;
  /** Undefined: whatever is installed. */
  vendor: string | undefined;
  level: number;
  /** 'read': what the far end says; 'write': what it hears. */
  direction: 'read' | 'write';
}

/** What is installed, and the name by which most applications ask for it. */
const installed = new Set(['rnnoise', 'krisp']);

/** Each part as it was written, whatever its field is called there. `path` gives that name. */
export function readIsolation(
  parts: { enable: boolean; vendor: unknown; level: unknown; model: unknown; direction: unknown },
  path: (part: 'vendor' | 'level' | 'model' | 'direction') => string,
): IsolationWish | Refusal {
  const bad = (part: Parameters<typeof path>[0], reason: string): Refusal =>
    refuse('bad-isolation', reason, { http: 400, path: path(part) });
  const { enable, vendor, level = 100, model, direction = 'read' } = parts;
  if (vendor !== undefined && (typeof vendor !== 'string' || vendor === '')) return bad('vendor', 'must be text');
  if (model !== undefined && typeof model !== 'string') return bad('model', 'must be text');
  if (typeof level !== 'number' || !(level >= 0 && level <= 100)) return bad('level', 'must be 0 to 100');
  if (direction !== 'read' && direction !== 'write') return bad('direction', 'must be read or write');
  return { enable, vendor: vendor?.toLowerCase(), level, direction };
}

/** Vendors' models are theirs; ours has one. */
export const isolationRefusal = ({ enable, vendor }: IsolationWish): Refusal | undefined =>
  !enable || vendor === undefined || installed.has(vendor)
    ? undefined
    : refuse('isolation-vendor', `noise isolation of ${vendor} is not installed; rnnoise is`);

export function isolate(leg: Leg, { enable, level, direction }: IsolationWish): Promise<{ at: number }> {
  const { port } = leg;
  if (!port) return Promise.reject(new Error('the call has no audio any more'));
  return port.setIsolation(enable ? { model: 'rnnoise', level, direction } : undefined);
}
