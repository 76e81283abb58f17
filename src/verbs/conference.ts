// conference (room): puts the call into a named room of its account until it leaves, is kicked, or the room ends (verbs.md 6).
import type { HookInput } from '../apps/index.ts';
import { type Refusal, refuse } from '../base/index.ts';
import type { AttendOptions } from '../calls/index.ts';
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
  record?: object;
  listen?: object;
  stream?: object;
}

export const conference = defineVerb<Options>({
  name: 'conference',
  example: { name: 'standup', startConferenceOnEnter: false, actionHook: '/done' },
  needs: 'media',
  check: (options) => nameRefusal(options.name) ?? graceRefusal(options) ?? laterRefusal(options),
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

function laterRefusal(options: Options): Refusal | undefined {
  const later = (['record', 'listen', 'stream'] as const).find((name) => options[name] !== undefined);
  return later && refuse('verb-later', `conference.${later} is not in this version`, { path: later });
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
  };
}
