// Bodies as they arrive: JSON that may be empty, forms with nested names, and texts that no database can hold.
import type { Refusal } from '../base/index.ts';
import { bodyDepth, formDepth, formFields } from './limits.ts';
import { bad } from './problem.ts';
import { asForm } from './schema.ts';

type Fields = { [name: string]: string | Fields };

/** `a=1&call_hook[url]=x` as {a: '1', call_hook: {url: 'x'}}. */
export function readForm(body: string): Record<string, unknown> | Refusal {
  const root = emptyFields();
  let count = 0;
  for (const [key, value] of new URLSearchParams(body)) {
    const path = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(key);
    if (!path) return bad(`${key} is no field name`, key);
    const names = [path[1]!, ...[...path[2]!.matchAll(/\[([^[\]]*)\]/g)].map((match) => match[1]!)];
    if (names.length > formDepth || ++count > formFields) return bad('the form is too large', key);
    if (names.some((each) => each === '__proto__' || each === '')) return bad(`${key} is no field name`, key);
    if (!put(root, names, value)) return bad(`${key} is given twice`, key);
  }
  return Object.defineProperty(root, asForm, { value: true });
}

const emptyFields = (): Fields => ({});

function put(fields: Fields, [first, ...rest]: string[], value: string): boolean {
  if (first === undefined) return false;
  const here = Object.hasOwn(fields, first) ? fields[first] : undefined;
  if (rest.length === 0) {
    if (here !== undefined) return false;
    fields[first] = value;
    return true;
  }
  if (typeof here === 'string') return false;
  const below = here ?? emptyFields();
  fields[first] = below;
  return put(below, rest, value);
}

/** PostgreSQL holds neither NUL nor half a surrogate pair, and nobody a bottomless value; names the first that is one. */
export function unstorable(value: unknown, path = '', levels = bodyDepth): Refusal | undefined {
  if (typeof value === 'string')
    return value.includes('\0') || !value.isWellFormed()
      ? bad('a text with a character that is none', path)
      : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return bad(`nests deeper than ${bodyDepth} levels`);
  for (const [key, below] of Object.entries(value)) {
    const found = unstorable(key, path) ?? unstorable(below, path === '' ? key : `${path}.${key}`, levels - 1);
    if (found) return found;
  }
  return undefined;
}
