// Random live updates for rehearsals, over REST and over the application's socket: every field, mostly right, sometimes wrong.
import { isRefusal, randomInt } from '../base/index.ts';
import type { Call } from '../calls/index.ts';
import { commandSurface, readUpdate } from '../commands/index.ts';
import { type Json, type Maker, type Props, pick, randomApplication, recordActions, tone } from './random-json.ts';

const updates: readonly Maker[] = [
  () => ({ call_hook: '/next' }),
  () => ({ child_call_hook: '/next' }),
  () => ({ call_hook: '/next', child_call_hook: '/next' }),
  ({ random }) => ({ mute_status: pick(random, ['mute', 'unmute']) }),
  ({ random }) => ({ boostAudioSignal: randomInt(random, 30) - 15 }),
  () => ({ dtmf: { digit: '1' } }),
  ({ random }) => ({ tag: { t: randomInt(random, 10) } }),
  ({ random }) => ({ whisper: { verb: 'play', url: tone(random, 200 + randomInt(random, 900)) } }),
  ({ random }) => ({ whisper: [{ verb: 'play', url: tone(random, 300) }], mute_status: 'unmute' }),
  () => ({ sip_request: { method: 'INFO', content_type: 'text/plain', content: 'x' } }),
  ({ random }) => ({ conf_mute_status: pick(random, ['mute', 'unmute']) }),
  ({ random }) => ({ conf_hold_status: 'hold', ...(random.next() < 0.5 && { wait_hook: '/wait' }) }),
  () => ({ conf_hold_status: 'unhold' }),
  ({ random }) => ({
    conferenceParticipantAction: {
      action: pick(random, ['tag', 'untag', 'coach', 'uncoach', 'mute', 'unmute', 'hold', 'unhold', 'kick']),
      tag: 'agent',
    },
  }),
  ({ random }) => ({ room_play: { url: tone(random, 500) } }),
  ({ random }) => ({ listen_status: pick(random, ['pause', 'silence', 'resume']) }),
  ({ random }) => ({ stream_status: pick(random, ['pause', 'silence', 'resume']) }),
  ({ random }) => ({ transcribe_status: pick(random, ['pause', 'resume']) }),
  ({ random }) => ({ dub: { action: 'addTrack', track: 'extra', play: tone(random), loop: true, gain: -3 } }),
  ({ random }) => ({
    dub: { action: pick(random, ['removeTrack', 'silenceTrack', 'playOnTrack']), track: 'extra', play: tone(random) },
  }),
  ({ random }) => ({ media_path: pick(random, ['no-media', 'no-media', 'partial-media', 'full-media']) }),
  ({ random }) => ({ media_path: pick(random, ['no-media', 'partial-media']) }),
  ({ random, isolates }) => ({
    noise_isolation_status: isolates ? pick(random, ['enable', 'disable']) : 'disable',
    ...(random.next() < 0.3 && { noise_isolation_level: randomInt(random, 101) }),
  }),
  ({ random }) => ({ record: { action: pick(random, recordActions), type: 'cloud', silence: random.next() < 0.5 } }),
  ({ random, recorders }) => ({
    record: {
      action: pick(random, recordActions),
      siprecServerURL: pick(random, [[...recorders], recorders.join(','), recorders[0]!]),
      ...(random.next() < 0.3 && { recordingID: 'rehearsed', headers: { 'X-Rehearsed': 'yes' } }),
    },
  }),
  ({ random }) => ({
    whisper: [
      { verb: 'say', text: 'They are waiting.' },
      { verb: 'play', url: tone(random, 300) },
    ],
  }),
  () => ({ whisper: '/whispered' }),
  ({ random }) => ({ tag: { with: true }, mute_status: pick(random, ['mute', 'unmute']) }),
  ({ random }) => ({ dub: { action: 'sayOnTrack', track: 'extra', say: 'Attention.', gain: randomInt(random, 6) } }),
  () => ({ room_say: { text: 'The conference goes on.' } }),
  ({ random }) => ({ dtmf: { digit: String(randomInt(random, 10_000)), duration: 100 } }),
  () => ({ sip_request: { method: 'MESSAGE', content_type: 'text/plain', content: 'hello', headers: { 'X-A': 'b' } } }),
];

const rareUpdates: readonly Maker[] = [
  ({ random }) => ({ call_status: pick(random, ['completed', 'no-answer']) }),
  () => ({ nonsense: true }),
  () => ({ whisper: { verb: 'gather' } }),
  () => ({ mute_status: 'mute', conf_mute_status: 'mute' }),
  () => ({ agent_update: { type: 'generate_reply' } }),
  () => ({ llm_status: 'stop' }),
];

/** Any, mostly right. */
const anyUpdate = (props: Props): Json => pick(props.random, props.random.next() < 0.93 ? updates : rareUpdates)(props);

/** Tries for one that acts. */
const tries = 8;
/** Share of the updates that are sent as they come, whatever the call is. */
const blindShare = 0.25;

/** For this call as it is now, most of the time. */
export function randomUpdate(props: Props, call: Call | undefined): Json {
  let update = anyUpdate(props);
  if (!call || props.random.next() < blindShare) return update;
  for (let i = 1; i < tries && !wouldAct(call, update); i++) update = anyUpdate(props);
  return update;
}

function wouldAct(call: Call, body: Json): boolean {
  const read = readUpdate(body);
  if (isRefusal(read)) return false;
  const target = { call, leg: call.leg, session: call.parent ?? call };
  return read.every(({ definition, value }) => definition.allowed(target, value) === undefined);
}

const socketNames = new Map(commandSurface().map(({ rest, ws }) => [String(rest), String(ws)]));

/** The same updates over the socket: the field's value with its companions as `data`. Two fields are no command. */
function randomCommand(props: Props, call: Call | undefined): Json | undefined {
  const update = randomUpdate(props, call);
  const [field] = Object.keys(update);
  const name = socketNames.get(field!);
  if (name === undefined) return undefined;
  return { type: 'command', command: name, data: Object.keys(update).length > 1 ? update : update[field!] };
}

/** A message of a socket application, unasked: commands to its call or a leg of it, and what is none. `callSid` is the call addressed. */
export function randomMessage(props: Props, call: Call | undefined, addressed: boolean): string {
  const { random } = props;
  const redirect = (data: unknown): Json => ({ type: 'command', command: 'redirect', data });
  const dice = random.next();
  const message =
    dice < 0.7
      ? randomCommand(props, call)
      : pick<() => Json>(random, [
          () => redirect(randomApplication(props)),
          () => redirect({ parent_call: randomApplication(props), child_call: randomApplication(props) }),
          () => ({ ...redirect(randomApplication(props)), queueCommand: true }),
          () => ({ type: 'command', command: 'nonsense', data: {} }),
          () => ({ type: 'ack', msgid: 'never-asked' }),
          () => ({ type: 7 }),
        ])();
  const text = JSON.stringify({ ...message, ...(addressed && call && { callSid: call.sid }) });
  return random.next() < 0.03 ? text.slice(0, randomInt(random, text.length)) : text;
}
