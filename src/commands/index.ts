// commands: what can be changed on a live call. One file per command, one line here; REST and the socket come in by the same door.
import { agentUpdate, llmStatus, llmToolOutput, llmUpdate, pipelineUpdate, transfer } from './agent.ts';
import { boost } from './boost.ts';
import { callStatus } from './call-status.ts';
import { confHold, confMute, participantAction } from './conference.ts';
import type { AnyCommand, AnySocketCommand } from './define.ts';
import { dtmf } from './dtmf.ts';
import { dub } from './dub.ts';
import { mediaPath } from './media-path.ts';
import { mute } from './mute.ts';
import { noiseIsolation } from './noise-isolation.ts';
import { liveControlPage } from './page.ts';
import { record } from './record.ts';
import { childRedirect, redirect } from './redirect.ts';
import { roomPlay, roomSay } from './room.ts';
import { sipRequest } from './sip-request.ts';
import { socketConfig, socketDial } from './socket-only.ts';
import { listenStatus, streamStatus } from './stream-status.ts';
import { tag } from './tag.ts';
import { transcribeStatus } from './transcribe-status.ts';
import { updateSchemaOf } from './update-schema.ts';
import { whisper } from './whisper.ts';

/** In the order in which they act when several stand in one request (live-call-control.md 1.3): tag first, whisper last. */
export const commands: readonly AnyCommand[] = [
  tag,
  callStatus,
  redirect,
  childRedirect,
  listenStatus,
  streamStatus,
  transcribeStatus,
  mute,
  confMute,
  confHold,
  participantAction,
  roomSay,
  roomPlay,
  sipRequest,
  dtmf,
  record,
  mediaPath,
  dub,
  boost,
  noiseIsolation,
  agentUpdate,
  pipelineUpdate,
  llmUpdate,
  llmToolOutput,
  llmStatus,
  transfer,
  whisper,
];

/** What the socket has beyond them. */
export const socketCommands: readonly AnySocketCommand[] = [socketConfig, socketDial];

export type { AnyCommand, CommandDefinition, CommandNeed, Target } from './define.ts';
export { type Outcome, performSocket, performUpdate } from './perform.ts';
export { readSocketCommand, readUpdate } from './read.ts';

/** docs/live-control.md. */
export const liveControlText = (): string => liveControlPage(commands, socketCommands);

/** The public face of every command, for documents and for the golden text. */
export const commandSurface = (): Record<string, unknown>[] => [
  ...commands.map(({ rest, ws, companions = [], summary, schema, companionSchemas = {}, examples }) => ({
    rest,
    ws,
    companions,
    summary,
    schema,
    companionSchemas,
    examples,
  })),
  ...socketCommands.map(({ ws, summary, schema, socketExamples }) => ({ ws, summary, schema, socketExamples })),
];

/** JSON schema of an update's body, for the OpenAPI document. */
export const updateSchema = (): Record<string, unknown> => updateSchemaOf(commands);
