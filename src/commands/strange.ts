// What no schema names: a property that is misspelt must not be lost in silence.
import { isObject } from '../base/index.ts';

/** Path of a property that the schema does not name. Schemas say `additionalProperties: true` where any may stand. */
export function strangePath(schema: Record<string, unknown>, value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  // Clients may send the whole verb that a field is like.
  const { verb: _, ...properties } = value;
  return strangeIn(schema, properties);
}

function strangeIn(schema: Record<string, unknown>, value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const forObjects = [schema.oneOf ?? schema].flat().filter((one) => isObject(one) && one.type === 'object');
  const [only] = forObjects as Record<string, unknown>[];
  if (!only || forObjects.length > 1 || !isObject(only.properties) || only.additionalProperties === true)
    return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const known = Object.hasOwn(only.properties, name) ? only.properties[name] : undefined;
    if (!isObject(known)) return name;
    const deeper = strangeIn(known, inner);
    if (deeper !== undefined) return `${name}.${deeper}`;
  }
  return undefined;
}
