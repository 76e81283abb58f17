// calls: a call, its leg, its program, its events, and where calls are found.
export type { AppCommand, HookInput } from '../apps/index.ts';
export type { PlaybackResult } from '../media/client.ts';
export { readBoostDb } from './boost.ts';
export { Call, type CallEnd } from './call.ts';
export type { Answer } from './conversation.ts';
export { type CreateContext, type NewCall, readCreate } from './create.ts';
export { Directory } from './directory.ts';
export type { CallEvent, CallEventType } from './events.ts';
export { hookOf } from './hook-of.ts';
export { type InboundOptions, receiveCall } from './inbound.ts';
export type { Leg } from './leg.ts';
export { type DialTarget, type OutboundOptions, placeCall } from './outbound.ts';
export { type Playing, playPlan } from './playing.ts';
export { callRecord } from './record.ts';
export type { SynthesizerInput } from './speech-settings.ts';
export { type CallStatus, finalStatuses } from './status.ts';
export type { AlertNote, AudioPlan, CallOwner, CallSettings, CallWorld, Need, Step, VerbRun } from './types.ts';
