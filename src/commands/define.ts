// How a live-call command is defined: once, for REST, the application's socket, the documents and the tests.
import type { Refusal } from '../base/index.ts';
import type { Call, Leg } from '../calls/index.ts';

/** What a command acts on: the call whose sid was named, and its leg. */
export interface Target {
  call: Call;
  leg: Leg;
  /** Whose application and verbs are meant: of a dialled child its parent, else the call itself. */
  session: Call;
}

/** What a command may need of its call. */
export type CommandNeed =
  | 'nothing'
  | 'an answered call'
  | 'audio'
  | 'a bridge'
  | 'a conference'
  | 'a stream'
  | 'a transcription'
  | 'a model';

/** What came of a command that could act. */
export interface Applied {
  /** When it reached the wire: clock time of the first packet or message that differs. Rejects when it failed later. */
  effect?: Promise<{ at: number }>;
  /** What goes on after that. Rejects when it was cut short. */
  rest?: Promise<unknown>;
  /** For commands whose answer is the far end's (sip_request). */
  reply?: Promise<{ status: number; body: Record<string, unknown> } | Refusal>;
}

export interface CommandDefinition<V> {
  /** Field of the REST update. */
  rest: string;
  /** Command on the application's socket. */
  ws: string;
  /** Further REST fields that belong to it. */
  companions?: readonly string[];
  /** REST fields of other commands that may stand in the same request. `tag` and `whisper` say so themselves. */
  alongside?: readonly string[];
  /** JSON schema of the REST field, for the OpenAPI document. */
  schema: Record<string, unknown>;
  /** JSON schemas of the companions. */
  companionSchemas?: Record<string, Record<string, unknown>>;
  /** What it does, in a line for the documents. */
  summary: string;
  /** What the call must have for it to act: for the documents, and for the contract suite, which makes such a call. */
  needs?: CommandNeed;
  /** What it refuses beyond its schema and that need, for the documents: a status each, and when. */
  refuses?: readonly string[];
  /** It changes or hears sound: media that does not come through the engine is brought there first. Told by `needs` when absent. */
  takesMedia?(target: Target): boolean;
  /** The verb it addresses, while no version has that: such a command is read and checked, and always refused with 422. */
  waitsFor?: string;
  /** Request bodies for documents and tests. */
  examples: readonly Record<string, unknown>[];
  /** `data` of the socket's message that no REST body says. */
  socketExamples?: readonly unknown[];
  /** Checks the REST field (with the whole body at hand) and gives our form of it; a Refusal's path is relative to the field. */
  read(value: unknown, body: Record<string, unknown>): V | Refusal;
  /** The socket's `data` as a REST body, when it is neither one nor the field's value. */
  fromSocket?(data: unknown): Record<string, unknown> | undefined;
  /** For commands whose socket form is a thing of its own; in place of fromSocket and read. */
  readSocket?(data: unknown, envelope: { queue: boolean }): V | Refusal;
  /** May it act now? Decided from what is known, never by asking the far end. */
  allowed(target: Target, value: V): Refusal | undefined;
  apply(target: Target, value: V): Applied;
}

/** A command that only the socket has. */
export type SocketCommand<V> = Pick<
  CommandDefinition<V>,
  'ws' | 'summary' | 'schema' | 'needs' | 'refuses' | 'takesMedia' | 'allowed' | 'apply'
> &
  Required<Pick<CommandDefinition<V>, 'socketExamples' | 'readSocket'>>;

export const defineSocketCommand = <V>(definition: SocketCommand<V>): AnySocketCommand =>
  definition as AnySocketCommand;

export const defineCommand = <V>(definition: CommandDefinition<V>): CommandDefinition<V> => definition;

/** A command whose value's type is its own business. */
export type AnyCommand = CommandDefinition<unknown>;
export type AnySocketCommand = SocketCommand<unknown>;

/** As events and refusals name it. */
export const nameOf = (definition: AnyCommand | AnySocketCommand): string =>
  'rest' in definition ? definition.rest : definition.ws;
