// Strange names inside a verb's options: the contract leaves its objects open, so they are taken, but not in silence.
import { isObject } from '../base/index.ts';
import schemas from './generated/schemas.cjs';
import { mostStrangePaths } from './limits.ts';

/** Paths of properties that no schema names, relative to the verb; its own options are checked elsewhere. */
export function strangePaths(verb: string, options: Record<string, unknown>): string[] {
  const known = schemas.inside[verb];
  if (typeof known !== 'object') return [];
  const found: string[] = [];
  for (const [name, value] of Object.entries(options))
    if (Object.hasOwn(known, name)) look(known[name]!, value, { path: name, found });
  return found;
}

type Known = (typeof schemas.inside)[string];

function look(given: Known, value: unknown, at: { path: string; found: string[] }): void {
  const known = typeof given === 'string' ? schemas.inside[given]! : given;
  if (typeof known !== 'object') return;
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) look(known, one, { ...at, path: `${at.path}[${i}]` });
    return;
  }
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (at.found.length === mostStrangePaths) return;
    const path = `${at.path}.${name}`;
    if (Object.hasOwn(known, name)) look(known[name]!, inner, { ...at, path });
    else at.found.push(path);
  }
}
