// A dial's options (verbs.md 5.1, 5.2), and what of them the schema lets through though it cannot work.
import type { HookInput } from '../../apps/index.ts';
import { isRefusal, type Refusal, refuse } from '../../base/index.ts';
import {
  type AmdInput,
  badHeader,
  type Dialled,
  type DubInput,
  isHost,
  readBoostDb,
  readDestination,
  readDub,
} from '../../calls/index.ts';
import { amdRefusal } from '../amd.ts';
import { headersRefusal, textRefusal } from '../headers.ts';
import { longestDialSeconds } from '../limits.ts';
import { type ListenOptions, listenRefusal } from '../listen.ts';
import { type TranscribeOptions, transcribeRefusal } from '../transcribe.ts';

type Headers = Record<string, string | number>;

export interface Target {
  type: 'phone' | 'sip' | 'user' | 'teams';
  sipUri?: string;
  number?: string;
  name?: string;
  headers?: Headers;
  from?: { user?: string; host?: string };
  confirmHook?: HookInput;
  /** Of a confirmHook that is a URL. */
  method?: string;
  proxy?: string;
}

export interface DialOptions {
  id?: string;
  target: Target[];
  actionHook?: HookInput;
  answerOnBridge?: boolean;
  callerId?: string;
  callerName?: string;
  confirmHook?: HookInput;
  dialMusic?: string;
  timeout?: number;
  timeLimit?: number;
  headers?: Headers;
  /** Of the BYE to a leg that the dial ends. */
  hangupHeaders?: Headers;
  proxy?: string;
  tag?: Record<string, unknown>;
  forwardPAI?: boolean;
  codecs?: string[];
  boostAudioSignal?: number | string;
  anchorMedia?: boolean;
  exitMediaPath?: boolean;
  dtmfCapture?: string[] | { childCall?: string[]; parentCall?: string[] };
  dtmfHook?: HookInput;
  /** Whether a human or a machine has answered the leg. */
  amd?: AmdInput;
  listen?: ListenOptions & { channel?: number };
  /** The same. */
  stream?: ListenOptions & { channel?: number };
  transcribe?: TranscribeOptions;
  /** Tracks of the leg. */
  dub?: DubInput[];
  onHoldHook?: HookInput;
  referHook?: HookInput;
}

/** Options of the contract whose effect is not in this version. */
const later = ['srtpEncryption'] as const;

/** The same of a target: they choose among carriers and devices, which this version does not have. */
const laterOfTarget = ['trunk', 'tenant', 'vmail', 'overrideTo'] as const;

const no = (reason: string, path: string): Refusal => refuse('verb-option', reason, { path });

export function checkDial(options: DialOptions): Refusal | undefined {
  const given = options as unknown as Record<string, unknown>;
  const absent = later.find((name) => given[name] !== undefined);
  if (absent !== undefined) return refuse('verb-later', `dial.${absent} is not in this version`, { path: absent });
  const { callerId, callerName, headers, hangupHeaders, boostAudioSignal } = options;
  const boost = boostAudioSignal === undefined ? 0 : readBoostDb(boostAudioSignal);
  return (
    targetsRefusal(options) ??
    numbersRefusal(options) ??
    textRefusal(callerId, 'callerId') ??
    textRefusal(callerName, 'callerName') ??
    badHeader(headers, 'headers') ??
    badHeader(hangupHeaders, 'hangupHeaders') ??
    headersRefusal(headers) ??
    headersRefusal(hangupHeaders, 'hangupHeaders') ??
    captureRefusal(options) ??
    amdRefusal(options.amd) ??
    nestedRefusal(options) ??
    (isRefusal(boost) ? { ...boost, path: 'boostAudioSignal' } : undefined)
  );
}

function targetsRefusal(options: DialOptions): Refusal | undefined {
  for (const [index, target] of options.target.entries()) {
    const path = `target[${index}]`;
    const absent = laterOfTarget.find((name) => (target as unknown as Record<string, unknown>)[name] !== undefined);
    if (absent !== undefined)
      return refuse('verb-later', `${absent} of a target is not in this version`, { path: `${path}.${absent}` });
    const read = destinationOf(target, options, path);
    if (isRefusal(read)) return read;
    const { user, host } = target.from ?? {};
    const wrong = textRefusal(user, `${path}.from.user`);
    if (wrong) return wrong;
    if (host !== undefined && !isHost(host)) return no('must be a host, with or without a port', `${path}.from.host`);
  }
  return undefined;
}

function numbersRefusal(options: DialOptions): Refusal | undefined {
  for (const name of ['timeout', 'timeLimit'] as const) {
    const value = options[name];
    if (value !== undefined && !(value > 0 && value <= longestDialSeconds))
      return no(`must be more than 0, and at most ${longestDialSeconds} seconds`, name);
  }
  return undefined;
}

function nestedRefusal(options: DialOptions): Refusal | undefined {
  for (const name of ['listen', 'stream'] as const) {
    const nested = options[name];
    if (nested === undefined) continue;
    if (typeof nested.url !== 'string') return no('is required', `${name}.url`);
    const refusal = listenRefusal(nested);
    if (refusal) return below(name, refusal);
  }
  for (const [index, track] of (options.dub ?? []).entries()) {
    const wrong = readDub(track);
    if (isRefusal(wrong)) return below(`dub[${index}]`, wrong);
  }
  const refusal = options.transcribe && transcribeRefusal(options.transcribe);
  return refusal && below('transcribe', refusal);
}

const below = (name: string, refusal: Refusal): Refusal => ({
  ...refusal,
  path: refusal.path === undefined ? name : `${name}.${refusal.path}`,
});

function captureRefusal({ dtmfCapture }: DialOptions): Refusal | undefined {
  for (const [name, patterns] of Object.entries(capturesOf(dtmfCapture)))
    if (!Array.isArray(patterns) || patterns.some((p) => typeof p !== 'string' || !/^[0-9A-D*#]{1,32}$/i.test(p)))
      return no(
        'must be digits of 0-9, A-D, * and #, 1 to 32 of them',
        Array.isArray(dtmfCapture) ? 'dtmfCapture' : `dtmfCapture.${name}`,
      );
  return undefined;
}

/** Which patterns are looked for on which leg; an array means both. */
export function capturesOf(capture: DialOptions['dtmfCapture']): { childCall: string[]; parentCall: string[] } {
  if (Array.isArray(capture)) return { childCall: capture, parentCall: capture };
  return { childCall: capture?.childCall ?? [], parentCall: capture?.parentCall ?? [] };
}

/** Whom a target names; the dial's proxy is for those that have none. */
export function destinationOf(target: Target, { proxy }: DialOptions, path = 'target'): Dialled | Refusal {
  return readDestination({ ...(proxy !== undefined && { proxy }), ...target }, path);
}

/** Each once, ten at most (verbs.md 5.1). */
export function distinctTargets(targets: readonly Target[], most: number): Target[] {
  const seen = new Map(targets.map((target) => [JSON.stringify(target), target]));
  return [...seen.values()].slice(0, most);
}
