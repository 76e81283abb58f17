// Refusals that several commands share.
import { type Refusal, refuse } from '../base/index.ts';
import type { Target } from './define.ts';

/** A value that is not one of those listed. */
export function oneOf<T extends string>(value: unknown, choices: readonly T[]): T | Refusal {
  return (
    choices.find((choice) => choice === value) ??
    refuse('bad-value', `must be one of ${choices.join(', ')}`, { http: 400 })
  );
}

export const badValue = (reason: string, path?: string): Refusal =>
  refuse('bad-value', reason, { http: 400, ...(path !== undefined && { path }) });

/** A refusal of what stands in this field. */
export const within = (field: string, refusal: Refusal): Refusal => ({
  ...refusal,
  path: joinPath(field, refusal.path),
});

export const joinPath = (field: string, path: string | undefined): string =>
  path === undefined || path === '' ? field : path.startsWith('[') ? field + path : `${field}.${path}`;

/** For commands that change audio. */
export const needsMedia = ({ leg }: Target): Refusal | undefined =>
  leg.hasMedia ? undefined : refuse('no-media', 'the call has no audio yet');

/** For commands whose whole effect is what the far end hears. */
export const needsListener = (target: Target): Refusal | undefined =>
  needsMedia(target) ??
  (target.leg.offers.held ? refuse('on-hold', 'the far end holds the call and hears nothing') : undefined);

/** For commands that need an answered dialog. */
export const needsAnswer = ({ leg }: Pick<Target, 'leg'>): Refusal | undefined =>
  leg.answered ? undefined : refuse('not-answered', 'the call has not been answered');
