// Changes of a conference: conf_mute_status, conf_hold_status and conferenceParticipantAction (live-call-control.md 2.6).
import { isObject, isRefusal, type Refusal, refuse } from '../base/index.ts';
import type { ConferencePart, HookInput } from '../calls/index.ts';
import { type Applied, defineCommand, type Target } from './define.ts';
import { hookSchema, readHook } from './hook.ts';
import { badValue, oneOf, within } from './refusals.ts';

/** The call's place in a conference. `allowed` has seen that it has one. */
export function placeOf({ call }: Target): ConferencePart {
  const place = call.parts.get('conference');
  if (!place) throw new Error('bug: not in a conference');
  return place;
}

/** Why it is no member, when it is none. */
export function needsMember({ call }: Target): Refusal | undefined {
  const place = call.parts.get('conference');
  if (!place) return refuse('no-conference', 'the call is not in a conference');
  if (!place.joined) return refuse('conference-waits', `the call is not in conference ${place.name} yet: it waits`);
  return undefined;
}

export const confMute = defineCommand<boolean>({
  rest: 'conf_mute_status',
  ws: 'conf:mute-status',
  needs: 'a conference',
  summary: "Mutes all members of the call's conference but its moderators, or lets them be heard again.",
  schema: { type: 'string', enum: ['mute', 'unmute'] },
  refuses: ['422 while the call still waits for its conference to begin'],
  examples: [{ conf_mute_status: 'mute' }, { conf_mute_status: 'unmute' }],
  read(value) {
    const status = oneOf(value, ['mute', 'unmute']);
    return isRefusal(status) ? status : status === 'mute';
  },
  allowed: needsMember,
  apply: (target, muted) => ({ effect: placeOf(target).muteOthers(muted) }),
});

type Hold = { hold: true; waitHook: HookInput | undefined } | { hold: false };

/** Both spellings are published. */
const waitHooks = ['wait_hook', 'waitHook'] as const;

function readHold(held: boolean, body: Record<string, unknown>): Hold | Refusal {
  const [name, other] = waitHooks.filter((one) => body[one] !== undefined);
  if (name === undefined) return held ? { hold: true, waitHook: undefined } : { hold: false };
  if (!held) return badValue('belongs to hold', name);
  if (other !== undefined) return badValue(`is ${name} once more`, other);
  const waitHook = readHook(body[name]);
  return isRefusal(waitHook) ? within(name, waitHook) : { hold: true, waitHook };
}

const applyHold = (place: ConferencePart, value: Hold): Applied => ({
  effect: value.hold ? place.hold(value.waitHook) : place.unhold(),
});

export const confHold = defineCommand<Hold>({
  rest: 'conf_hold_status',
  ws: 'conf:hold-status',
  needs: 'a conference',
  companions: ['wait_hook', 'waitHook'],
  summary:
    'Puts this member of a conference on hold: it hears nobody and nobody hears it. With wait_hook, the say, play and pause verbs of that hook go to this member only, over and over; again with another hook, that one goes on. unhold lets it hear and be heard.',
  schema: { type: 'string', enum: ['hold', 'unhold'] },
  companionSchemas: { wait_hook: hookSchema, waitHook: hookSchema },
  refuses: [
    '400 a wait hook with `unhold`, or both spellings of it',
    '422 while the call still waits for its conference to begin',
  ],
  examples: [
    { conf_hold_status: 'hold' },
    { conf_hold_status: 'hold', wait_hook: '/hold' },
    { conf_hold_status: 'unhold' },
  ],
  read(value, body) {
    const status = oneOf(value, ['hold', 'unhold']);
    return isRefusal(status) ? status : readHold(status === 'hold', body);
  },
  allowed: needsMember,
  apply: (target, value) => applyHold(placeOf(target), value),
});

const actions = ['tag', 'untag', 'coach', 'uncoach', 'mute', 'unmute', 'hold', 'unhold', 'kick'] as const;

type Action =
  | { action: 'tag' | 'coach'; tag: string }
  | { action: 'hold' | 'unhold'; hold: Hold }
  | { action: 'untag' | 'uncoach' | 'mute' | 'unmute' | 'kick' };

function readAction(value: unknown): Action | Refusal {
  if (!isObject(value)) return badValue('must be an object');
  const action = oneOf(value.action, actions);
  if (isRefusal(action)) return { ...action, path: 'action' };
  const hold = readHold(action === 'hold', value);
  if (isRefusal(hold)) return hold;
  const { tag } = value;
  if (tag !== undefined && !/tag|coach/.test(action)) return badValue('belongs to tag and coach', 'tag');
  if (action === 'hold' || action === 'unhold') return { action, hold };
  if (action !== 'tag' && action !== 'coach') return { action };
  return typeof tag === 'string' && tag !== ''
    ? { action, tag }
    : badValue(`requires tag property when action is '${action}'`, 'tag');
}

export const participantAction = defineCommand<Action>({
  rest: 'conferenceParticipantAction',
  ws: 'conf:participant-action',
  needs: 'a conference',
  summary:
    'Changes this member of a conference: tag and untag, coach (heard only by members with the tag, those that get it later too) and uncoach, mute and unmute, hold and unhold (with wait_hook), or kick, which ends its conference verb.',
  schema: {
    type: 'object',
    required: ['action'],
    additionalProperties: false,
    properties: {
      action: { type: 'string', enum: actions },
      tag: { type: 'string', minLength: 1 },
      wait_hook: hookSchema,
      waitHook: hookSchema,
    },
  },
  refuses: [
    '400 `tag` and `coach` without a tag, a tag or a wait hook with what has none',
    '422 while the call still waits for its conference to begin, but for `kick`',
  ],
  examples: [
    { conferenceParticipantAction: { action: 'mute' } },
    { conferenceParticipantAction: { action: 'tag', tag: 'agent' } },
    { conferenceParticipantAction: { action: 'coach', tag: 'agent' } },
    { conferenceParticipantAction: { action: 'uncoach' } },
    { conferenceParticipantAction: { action: 'hold', wait_hook: '/hold' } },
    { conferenceParticipantAction: { action: 'kick' } },
  ],
  read: readAction,
  /** Who waits for the beginning can be kicked too. */
  allowed(target, { action }) {
    const refusal = needsMember(target);
    return refusal?.code === 'conference-waits' && action === 'kick' ? undefined : refusal;
  },
  apply(target, value) {
    const place = placeOf(target);
    if ('hold' in value) return applyHold(place, value.hold);
    return { effect: effectOf(place, value) };
  },
});

function effectOf(place: ConferencePart, value: Exclude<Action, { hold: Hold }>): Promise<{ at: number }> {
  switch (value.action) {
    case 'tag':
      return place.setTag(value.tag);
    case 'untag':
      return place.setTag(undefined);
    case 'coach':
      return place.coach(value.tag);
    case 'uncoach':
      return place.coach(undefined);
    case 'mute':
    case 'unmute':
      return place.setMuted(value.action === 'mute');
    case 'kick':
      return place.kick();
  }
}
