// JSON taken from an application: parsed, and refused when it nests deeper than anything we would hand on.
import { Fault } from '../base/index.ts';
import { maxJsonDepth } from './limits.ts';

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  for (const inner of Object.values(value)) if (deeperThan(inner, depth - 1)) return true;
  return false;
}

/** Throws a Fault `hook-json` whose message says what is wrong. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Fault('hook-json', 'the application sent JSON that cannot be parsed', { cause });
  }
  if (deeperThan(value, maxJsonDepth))
    throw new Fault('hook-json', `the application sent JSON that nests deeper than ${maxJsonDepth} levels`);
  return value;
}
