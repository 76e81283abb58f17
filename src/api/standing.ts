// Fields of the contract whose features are not built yet: shown with one value, taken only with that value.
import { isDeepStrictEqual } from 'node:util';
import { type Refusal, refuse } from '../base/index.ts';

export type Standing = Readonly<Record<string, string | number | null>>;

/** 422 that names the first field which asks for more than there is. Null and the standing value are what clients send back unchanged. */
export function notYet(standing: Standing, body: Record<string, unknown>): Refusal | undefined {
  for (const [field, value] of Object.entries(standing)) {
    const given = body[field];
    if (given === undefined || given === null || isDeepStrictEqual(given, value)) continue;
    if (typeof given === 'boolean' && Number(given) === value) continue;
    return refuse('not-supported', `${field} is not in this version of Crosspoint`, { http: 422, path: field });
  }
  return undefined;
}
