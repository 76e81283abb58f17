// JSON Schemas of bodies and queries: builders, one compiler for JSON and one for forms, and refusals that name the field.
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Refusal } from '../base/index.ts';
import { bad, missing } from './problem.ts';

export type Schema = Readonly<Record<string, unknown>>;

export const text = (maxLength: number, description?: string): Schema => ({
  type: 'string',
  maxLength,
  ...(description !== undefined && { description }),
});
export const name = (maxLength: number): Schema => ({ type: 'string', minLength: 1, maxLength });
export const whole = (minimum: number, maximum: number): Schema => ({ type: 'integer', minimum, maximum });
/** Booleans come as true/false or 1/0 (rest-platform.md section 1). */
export const flag: Schema = { type: ['boolean', 'integer'], enum: [true, false, 0, 1] };
/** And go as 1/0. */
export const bit: Schema = { type: 'integer', enum: [0, 1] };
export const sid: Schema = {
  type: 'string',
  format: 'uuid',
  pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
};
export const instant: Schema = { type: 'string', format: 'date-time' };
export const orNull = (schema: Schema): Schema => {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const values = Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {};
  return { ...schema, ...values, type: [...types, 'null'] };
};
/** Exactly these fields. */
export const object = (properties: Record<string, Schema>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
  additionalProperties: false,
});
/** What an answer holds: at least these fields. */
export const reply = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
export const list = (items: Schema): Schema => ({ type: 'array', items });
/** A primary key in a PUT (rest-platform.md section 1). */
export const immutable: Schema = { not: {}, description: 'Never changes' };
/** Anything: checked by who understands it. */
export const free: Schema = { type: 'object', additionalProperties: true };

/** A webhook as it is written (rest-platform.md section 6). An absent or empty url clears it where that is possible. */
export const hook: Schema = orNull(
  object({
    url: orNull(text(1024)),
    method: orNull({
      type: 'string',
      pattern: '^([gG][eE][tT]|[pP][oO][sS][tT])$',
      description: 'GET or POST (default)',
    }),
    username: orNull(text(255)),
    password: orNull(text(255)),
    webhook_sid: orNull(sid),
  }),
);
export const hookReply: Schema = orNull(
  reply({
    webhook_sid: sid,
    url: text(1024),
    method: { type: 'string', enum: ['GET', 'POST'] },
    username: orNull(text(255)),
    password: orNull(text(255)),
  }),
);

/** Marks a body that came as a form, whose values are all texts. */
export const asForm: unique symbol = Symbol('form');

const options = { strict: false, validateFormats: false, allErrors: false };
const exact = new Ajv(options);
const lax = new Ajv({ ...options, coerceTypes: true });

/** A check of a value against a schema; forms and queries have their texts read as what the schema wants. Compiled when first used: all at once would cost the start 0.3 s. */
export function compile(schema: Schema, fromText = false): (value: unknown) => Refusal | undefined {
  let json: ValidateFunction | undefined;
  let form: ValidateFunction | undefined;
  return (value) => {
    const isText = fromText || (typeof value === 'object' && value !== null && asForm in value);
    if (isText) form ??= lax.compile(schema);
    else json ??= exact.compile(schema);
    const check = (isText ? form : json)!;
    return check(value) ? undefined : refusalOf(check.errors?.[0]);
  };
}

function refusalOf(error: ErrorObject | undefined): Refusal {
  if (!error) return bad('Bad request');
  const path = fieldPath(error.instancePath);
  const below = (field: unknown): string => (path === '' ? String(field) : `${path}.${field}`);
  if (error.keyword === 'required') return missing(below(error.params.missingProperty));
  if (error.keyword === 'additionalProperties') {
    const field = below(error.params.additionalProperty);
    return bad(`unknown field ${field}`, field);
  }
  if (error.keyword === 'not') return bad(`primary key ${path} is immutable`, path);
  // It has no path of its own.
  if (path === '' && error.keyword === 'type') return bad('the body must be an object');
  const subject = path || 'the body';
  if (error.keyword === 'enum') return bad(`${subject} must be one of ${error.params.allowedValues.join(', ')}`, path);
  if (error.parentSchema?.format === 'uuid') return bad(`${subject} must be a UUID`, path);
  if (error.keyword === 'type') return bad(`${subject} must be ${[error.params.type].flat().join(' or ')}`, path);
  return bad(`${subject} ${error.message ?? 'is not valid'}`, path);
}

/** `/call_hook/url` and `/items/0` as `call_hook.url` and `items[0]`. */
const fieldPath = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part), '');
