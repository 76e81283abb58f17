// snake_case of everything that leaves for an application (app-interfaces.md 1.3).
import { maxRememberedNames } from './limits.ts';

/** Names whose content belongs to somebody else and leaves as it is. */
const untouched = new Set(['customerData', 'sip', 'env_vars', 'envVars', 'args']);

const remembered = new Map<string, string>([
  ['customerData', 'customerData'],
  ['envVars', 'env_vars'],
]);

/**
 * One name. Separators and other marks become "_"; only a name without separators is split at its capitals, each on its
 * own ("callSID" is "call_s_i_d", "X-CallSid" is "x_callsid"). A name made of nothing but marks stays as it is.
 */
export function snakeName(name: string): string {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const capitalsSplit = !/[\s_.:-]/.test(name) && /[a-z][A-Z]|[A-Z][a-z]/.test(name);
  const spaced = capitalsSplit ? name.replace(/(?<=.)[A-Z]/gs, '_$&') : name;
  const plain = spaced.replace(/[\W_]+/g, '_').replace(/^_|_$/g, '');
  const snake = plain === '' ? name : plain.toLowerCase();
  if (remembered.size < maxRememberedNames) remembered.set(name, snake);
  return snake;
}

const isRecord = (value: object): value is Record<string, unknown> => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** A copy with snake_case names, through arrays too; anything that is not plain data is left for JSON to print. */
export function snakeCase(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(snakeCase);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [snakeName(name), untouched.has(name) ? inner : snakeCase(inner)]),
  );
}
