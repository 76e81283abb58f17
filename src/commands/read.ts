// Requests to commands: which fields are there, whether they may stand together, and what their values mean.
import { isObject, isRefusal, type Refusal, refuse } from '../base/index.ts';
import type { AnyCommand } from './define.ts';
import { commands } from './index.ts';

/** A command with its value, checked. */
export interface Command {
  definition: AnyCommand;
  value: unknown;
}

/** May stand beside any other field; whisper is spoken after what it stands beside. */
const besideAnything = new Set(['tag', 'whisper']);

/** The body of `PUT Calls/{sid}`: 400 for what can never be right. */
export function readUpdate(body: unknown): Command[] | Refusal {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return bad('the body must be an object');
  const fields = body as Record<string, unknown>;
  const unknown = unknownField(fields);
  if (unknown) return unknown;
  const present = commands.filter((c) => fields[c.rest] !== undefined);
  if (present.length === 0) return strayCompanion(fields, present) ?? bad('no valid options supplied to updateCall');
  const exclusive = present.filter((c) => !besideAnything.has(c.rest));
  if (exclusive.some((c) => exclusive.some((other) => other !== c && !c.alongside?.includes(other.rest))))
    return bad(`multiple options are not allowed in updateCall: ${exclusive.map((c) => c.rest).join(', ')}`);
  const stray = strayCompanion(fields, present);
  if (stray) return stray;
  const read: Command[] = [];
  for (const definition of present) {
    const value = strangeField(definition, fields) ?? definition.read(fields[definition.rest], fields);
    if (isRefusal(value)) {
      const companion = definition.companions?.find((name) => name === value.path);
      const path = companion ?? joinPath(definition.rest, value.path);
      return { ...value, http: 400, reason: `${path}: ${value.reason}`, path };
    }
    read.push({ definition, value });
  }
  return read;
}

/** A `command` message of the application's socket. */
export function readSocketCommand(name: string, data: unknown, queue: boolean): Command | Refusal {
  const definition = commands.find((c) => c.ws === name);
  if (!definition) return refuse('command-unknown', `there is no command ${name} in this version`);
  if (definition.readSocket) {
    const value = definition.readSocket(data, { queue });
    return isRefusal(value) ? value : { definition, value };
  }
  const field = definition.fromSocket ? definition.fromSocket(data) : data;
  const value = strangeField(definition, { [definition.rest]: field }) ?? definition.read(field, {});
  return isRefusal(value) ? value : { definition, value };
}

function unknownField(fields: Record<string, unknown>): Refusal | undefined {
  const known = new Set(commands.flatMap((c) => [c.rest, ...(c.companions ?? [])]));
  for (const name of Object.keys(fields)) {
    if (known.has(name)) continue;
    return refuse('field-unknown', `updateCall has no field ${name}`, { path: name, http: 400 });
  }
  return undefined;
}

/** A property, in the field or in one that belongs to it, of which no schema knows: misspelt, it must not be lost in silence. */
function strangeField(
  { rest, schema, companionSchemas }: AnyCommand,
  body: Record<string, unknown>,
): Refusal | undefined {
  for (const [name, one] of Object.entries({ [rest]: schema, ...companionSchemas })) {
    const path = strangePath(one, withoutVerb(body[name]));
    if (path === undefined) continue;
    const refusal = refuse('field-unknown', 'no such field', { path });
    return name === rest ? refusal : { ...refusal, path: name, reason: `there is no ${path} in it` };
  }
  return undefined;
}

/** Clients may send the whole verb that a field is like. */
function withoutVerb(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { verb: _, ...rest } = value;
  return rest;
}

/** Path of a property that the schema does not name. Schemas say `additionalProperties: true` where any may stand. */
function strangePath(schema: Record<string, unknown>, value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const forObjects = [schema.oneOf ?? schema].flat().filter((one) => isObject(one) && one.type === 'object');
  const [only] = forObjects as Record<string, unknown>[];
  if (!only || forObjects.length > 1 || !isObject(only.properties) || only.additionalProperties === true)
    return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const known = Object.hasOwn(only.properties, name) ? only.properties[name] : undefined;
    if (!isObject(known)) return name;
    const deeper = strangePath(known, inner);
    if (deeper !== undefined) return `${name}.${deeper}`;
  }
  return undefined;
}

/** A companion whose command is absent. */
function strayCompanion(fields: Record<string, unknown>, present: AnyCommand[]): Refusal | undefined {
  for (const command of commands) {
    const stray = command.companions?.find((name) => fields[name] !== undefined);
    if (stray !== undefined && !present.some((c) => c.rest === command.rest))
      return refuse('field-alone', `${stray} can be updated only together with ${command.rest}`, {
        path: stray,
        http: 400,
      });
  }
  return undefined;
}

const bad = (reason: string): Refusal => refuse('bad-update', reason, { http: 400 });

const joinPath = (field: string, path: string | undefined): string =>
  path === undefined ? field : path.startsWith('[') ? field + path : `${field}.${path}`;
