// conference (room): puts the call into a named room of its account until it leaves, is kicked, or the room ends (verbs.md 6).
import type { HookInput } from '../apps/index.ts';
import { type Refusal, refuse } from '../base/index.ts';
import { type AttendOptions, type ForkInput, streamRefusal } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { longestGraceSeconds, longestName } from './limits.ts';

interface Options {
  name: string;
  beep?: boolean;
  startConferenceOnEnter?: boolean;
  endConferenceOnExit?: boolean;
  endConferenceDuration?: number;
  maxParticipants?: number;
  joinMuted?: boolean;
  memberTag?: string;
  speakOnlyTo?: string;
  distributeDtmf?: boolean;
  waitHook?: HookInput;
  enterHook?: HookInput;
  statusHook?: HookInput;
  statusEvents?: string[];
  actionHook?: HookInput;
  record?: { path?: unknown };
  listen?: ForkInput;
  /** The newer name. */
  stream?: ForkInput;
}

export const conference = defineVerb<Options>({
  name: 'conference',
  example: { name: 'standup', startConferenceOnEnter: false, actionHook: '/done' },
  needs: 'media',
  check: (options) =>
    nameRefusal(options.name) ?? graceRefusal(options) ?? forkRefusal(options) ?? recordRefusal(options),
  async run(options, run) {
    const { call, scope } = run;
    await call.world.conferences.attend(call, scope, attendance(options));
    await run.hook(options.actionHook, {});
  },
});

/** Of conferences and queues. */
export const nameRefusal = (name: string): Refusal | undefined =>
  name.length === 0 || name.length > longestName
    ? refuse('verb-option', `must have 1 to ${longestName} characters`, { path: 'name' })
    : undefined;

const graceRefusal = ({ endConferenceDuration: seconds = 0 }: Options): Refusal | undefined =>
  seconds < 0 || seconds > longestGraceSeconds
    ? refuse('verb-option', `must be 0 to ${longestGraceSeconds} seconds`, { path: 'endConferenceDuration' })
    : undefined;

const recordRefusal = ({ record }: Options): Refusal | undefined =>
  record && typeof record.path !== 'string'
    ? refuse('verb-option', 'must be text; its ending says wav or mp3', { path: 'record.path' })
    : undefined;

/** The file lies with the call's own recordings; of the path only the ending counts. */
function recordOf({ record }: Options): AttendOptions['record'] {
  const ending = /\.(wav|mp3)$/i.exec(String(record?.path))?.[1]?.toLowerCase();
  return record && { format: ending === 'wav' || ending === 'mp3' ? ending : undefined };
}

const forkOptions = new Set([
  'id',
  'actionHook',
  'url',
  'wsAuth',
  'mixType',
  'sampleRate',
  'metadata',
  'passDtmf',
  'bidirectionalAudio',
  'disableBidirectionalAudio',
  'scope',
]);

function forkRefusal({ listen, stream }: Options): Refusal | undefined {
  const path = stream === undefined ? 'listen' : 'stream';
  const input = stream ?? listen;
  if (!input) return undefined;
  if (stream && listen) return refuse('verb-option', 'must not stand beside listen', { path });
  if (typeof input.url !== 'string') return refuse('verb-option', 'is required', { path: `${path}.url` });
  const unknown = Object.keys(input).find((name) => !forkOptions.has(name));
  if (unknown !== undefined) return refuse('verb-option', 'is no option of it', { path: `${path}.${unknown}` });
  if (input.scope !== undefined && input.scope !== 'room' && input.scope !== 'members')
    return refuse('verb-option', 'must be room or members', { path: `${path}.scope` });
  const wrong = streamRefusal(input);
  return wrong && { ...wrong, path: `${path}.${wrong.path}` };
}

function attendance(options: Options): AttendOptions {
  return {
    name: options.name,
    beep: options.beep ?? false,
    startConferenceOnEnter: options.startConferenceOnEnter,
    endConferenceOnExit: options.endConferenceOnExit ?? false,
    endConferenceDuration: options.endConferenceDuration,
    maxParticipants: options.maxParticipants,
    joinMuted: options.joinMuted ?? false,
    memberTag: options.memberTag ?? '',
    speakOnlyTo: options.speakOnlyTo ?? '',
    distributeDtmf: options.distributeDtmf ?? false,
    waitHook: options.waitHook,
    enterHook: options.enterHook,
    statusHook: options.statusHook,
    statusEvents: options.statusEvents ?? [],
    listen: options.stream ?? options.listen,
    record: recordOf(options),
  };
}
