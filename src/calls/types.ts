// What calls need from the house (handed in by wire.ts) and what verbs are to them.
import type { AppCommand, AppSession, AppSessionOptions, HookInput, Payload } from '../apps/index.ts';
import type { Clock, Log, Random, Refusal, Scope } from '../base/index.ts';
import type { Gateway } from '../edge/index.ts';
import type { AudioSource, MediaPool } from '../media/client.ts';
import type { SipStack } from '../sip/index.ts';
import type { Account, Application, SpeechCredential } from '../store/index.ts';
import type { VoicemailPhrases } from './amd/index.ts';
import type { Call } from './call.ts';
import type { Conferences } from './conference/conference.ts';
import type { Directory } from './directory.ts';
import type { CallEvent } from './events.ts';
import type { Queues } from './queue/queue.ts';
import type { RecordingStore } from './recording/cloud.ts';

/** What a verb must have before it runs (verbs.md 1.5). */
export type Need = 'media' | 'stable' | 'unanswered' | 'none';

/** What a verb that only plays would play; also used for gather's prompt and for whispers. */
export interface AudioPlan {
  sources: AudioSource[];
  /** Passes; Infinity for ever. */
  loop: number;
  seekSamples?: number;
  timeoutMs?: number;
}

/** One verb of an application, checked and ready. */
export interface Step {
  readonly name: string;
  readonly id: string | undefined;
  readonly needs: Need;
  /** True: media before the answer is enough (183). */
  readonly earlyMedia: boolean;
  /** Begins with a sound of its own, or a prompt nested in it. */
  readonly audible: boolean;
  /** As the application wrote it. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Paths of what stands in the options and nobody knows. */
  readonly strange?: readonly string[];
  /** Verbs that only play say here what. */
  readonly audio?: (call: Call) => Promise<AudioPlan | Refusal>;
  /** Ends early, by itself or with ScopeClosed, when `run.scope` closes. */
  run(run: VerbRun): Promise<void>;
}

/** What a running verb has: its call, its lifetime, and its voice towards the application. */
export interface VerbRun {
  readonly call: Call;
  readonly scope: Scope;
  readonly step: Step;
  /** Asks a hook and applies the answer: verbs in it replace the application, unless this verb was itself ended meanwhile. */
  hook(hook: HookInput | undefined, extra: Payload): Promise<void>;
  /** Tells a hook; the answer is ignored. */
  tell(hook: HookInput | undefined, extra: Payload): void;
  /** verb:status, when the application asked for it. */
  status(event: string, extra?: Payload): void;
}

export interface CallSettings {
  /** SIP status when the application's first answer cannot be used (JAMBONES_WEBHOOK_ERROR_RETURN). */
  webhookErrorStatus: number;
  /** No RTP from the far end for this long ends the call; 0 never. */
  mediaInactivityMs: number;
  /** The same while the far end holds the call; 0 never. */
  mediaHoldInactivityMs: number;
  inbandDtmf: boolean;
  /** What voicemail says, as the operator has it; ours for the languages that are not there. */
  voicemailPhrases: VoicemailPhrases;
  /** The far end's hold goes to sipRequestWithinDialogHook too (JAMBONES_HOLD_UNHOLD_EVENTS). */
  holdEvents: boolean;
  /** Who speaks when an application names no vendor. */
  embeddedVoice: { vendor: string; language: string; voice: string };
  /** Where phone numbers are called; undefined: nowhere. */
  gateway: Gateway | undefined;
  /** Host of our From URIs. */
  localHost: string;
  /** host:port of our SIP side, for payloads. */
  sipAddress: string;
  publicIp: string | undefined;
  apiBaseUrl: string | undefined;
}

export interface AlertNote {
  accountSid: string;
  callSid: string;
  type: string;
  message: string;
}

/** The rest of the house, as calls see it. */
export interface CallWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sip: SipStack;
  readonly media: MediaPool;
  readonly settings: CallSettings;
  /** The calls of this node. */
  readonly directory: Directory;
  readonly conferences: Conferences;
  readonly queues: Queues;
  /** Where recordings are kept; undefined: nowhere. */
  readonly recordings: RecordingStore | undefined;
  openApp(options: AppSessionOptions): AppSession;
  /** Application JSON to steps; a refusal names the exact path. */
  parse(json: unknown): Step[] | Refusal;
  credential(accountSid: string, vendor: string, label: string | undefined): Promise<SpeechCredential | undefined>;
  /** As POST Calls: resolves when the INVITE is on its way. */
  createCall(accountSid: string, body: unknown): Promise<{ sid: string; callId: string } | Refusal>;
  /** A command of the application's socket. */
  onSocketCommand(call: Call, command: AppCommand): void;
  onEvent(call: Call, event: CallEvent): void;
  onAlert(note: AlertNote): void;
}

/** Whose call it is and what answers it. */
export interface CallOwner {
  account: Account;
  application: Application | undefined;
  /** Speech defaults of a call without an application record. */
  speech?: SpeechFields;
}

/** Speech defaults as an application record names them. */
export type SpeechFields = Partial<{
  [K in keyof Application as K extends `${string}speech_${'synthesis' | 'recognizer'}${string}`
    ? K
    : never]: Application[K];
}> & { use_for_fallback_speech?: boolean };

export const speechOf = (owner: CallOwner): SpeechFields => owner.application ?? owner.speech ?? {};
