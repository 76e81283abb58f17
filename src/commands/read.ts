// Requests to commands: which fields are there, whether they may stand together, and what their values mean.
import { isObject, isRefusal, type Refusal, refuse } from '../base/index.ts';
import type { AnyCommand, AnySocketCommand } from './define.ts';
import { commands, socketCommands } from './index.ts';
import { joinPath } from './refusals.ts';
import { strangePath } from './strange.ts';

/** A command with its value, checked. */
export interface Command<D = AnyCommand | AnySocketCommand> {
  definition: D;
  value: unknown;
}

/** May it stand beside the others? whisper is spoken after what it stands beside; who is hung up hears none. */
const besideAny = ({ rest }: AnyCommand, present: AnyCommand[]): boolean =>
  rest === 'tag' || (rest === 'whisper' && !present.some((c) => c.rest === 'call_status'));

/** The body of `PUT Calls/{sid}`: 400 for what can never be right. */
export function readUpdate(body: unknown): Command<AnyCommand>[] | Refusal {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return bad('the body must be an object');
  const fields = body as Record<string, unknown>;
  const unknown = unknownField(fields);
  if (unknown) return unknown;
  const present = commands.filter((c) => fields[c.rest] !== undefined);
  if (present.length === 0) return strayCompanion(fields, present) ?? bad('no valid options supplied to updateCall');
  const exclusive = present.filter((c) => !besideAny(c, present));
  if (exclusive.some((c) => exclusive.some((other) => other !== c && !c.alongside?.includes(other.rest))))
    return bad(`multiple options are not allowed in updateCall: ${exclusive.map((c) => c.rest).join(', ')}`);
  const stray = strayCompanion(fields, present);
  if (stray) return stray;
  const read: Command<AnyCommand>[] = [];
  for (const definition of present) {
    const command = readOne(definition, fields);
    if (isRefusal(command)) return command;
    read.push(command);
  }
  return read;
}

/** A `command` message of the application's socket. */
export function readSocketCommand(name: string, data: unknown, queue: boolean): Command | Refusal {
  const update = commands.find((c) => c.ws === name);
  if (update && !update.readSocket) {
    const body = update.fromSocket?.(data) ?? bodyOf(update.rest, data);
    return unknownField(body, [update]) ?? readOne(update, body);
  }
  const definition = update ?? socketCommands.find((c) => c.ws === name);
  if (!definition?.readSocket) return refuse('command-unknown', `there is no command ${name} in this version`);
  const value = definition.readSocket(data, { queue });
  return isRefusal(value) ? value : { definition, value };
}

/** The socket's `data` as a REST body: it is one, with the field by its name, or it is that field's value. */
const bodyOf = (field: string, data: unknown): Record<string, unknown> =>
  isObject(data) && Object.hasOwn(data, field) ? data : { [field]: data };

/** A refusal's path is that in the body. */
function readOne(definition: AnyCommand, body: Record<string, unknown>): Command<AnyCommand> | Refusal {
  const value = strangeField(definition, body) ?? definition.read(body[definition.rest], body);
  if (!isRefusal(value)) return { definition, value };
  const own = definition.companions?.some((name) => value.path?.split('.')[0] === name);
  return { ...value, http: 400, path: own && value.path ? value.path : joinPath(definition.rest, value.path) };
}

function unknownField(fields: Record<string, unknown>, of: readonly AnyCommand[] = commands): Refusal | undefined {
  const known = new Set(of.flatMap((c) => [c.rest, ...(c.companions ?? [])]));
  const stranger = Object.keys(fields).find((name) => !known.has(name));
  if (stranger === undefined) return undefined;
  return refuse('field-unknown', `${of.length > 1 ? 'updateCall' : of[0]?.rest} has no such field`, {
    path: stranger,
    http: 400,
  });
}

/** A property, in the field or in one that belongs to it, of which no schema knows: misspelt, it must not be lost in silence. */
function strangeField(
  { rest, schema, companionSchemas }: AnyCommand,
  body: Record<string, unknown>,
): Refusal | undefined {
  for (const [name, one] of Object.entries({ [rest]: schema, ...companionSchemas })) {
    const path = strangePath(one, body[name]);
    if (path === undefined) continue;
    return refuse('field-unknown', 'no such field', { path: name === rest ? path : joinPath(name, path) });
  }
  return undefined;
}

/** A companion whose command is absent. */
function strayCompanion(fields: Record<string, unknown>, present: AnyCommand[]): Refusal | undefined {
  const welcome = new Set(present.flatMap((c) => c.companions ?? []));
  for (const { rest, companions } of commands) {
    const stray = companions?.find((name) => fields[name] !== undefined && !welcome.has(name));
    if (stray !== undefined)
      return refuse('field-alone', `can be updated only together with ${rest}`, { path: stray, http: 400 });
  }
  return undefined;
}

const bad = (reason: string): Refusal => refuse('bad-update', reason, { http: 400 });
