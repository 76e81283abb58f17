// Random live updates for rehearsals, over REST and over the application's socket: every field, mostly right, sometimes wrong.
import { randomInt } from '../base/index.ts';
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
  ({ random }) => ({
    conf_hold_status: pick(random, ['hold', 'unhold']),
    ...(random.next() < 0.5 && { wait_hook: '/wait' }),
  }),
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
  ({ random }) => ({ media_path: pick(random, ['no-media', 'partial-media', 'full-media']) }),
  ({ random }) => ({
    noise_isolation_status: pick(random, ['enable', 'disable']),
    ...(random.next() < 0.3 && { noise_isolation_level: randomInt(random, 101) }),
  }),
  ({ random }) => ({ record: { action: pick(random, recordActions), type: 'cloud', silence: random.next() < 0.5 } }),
  ({ random, recorders }) => ({ record: { action: pick(random, recordActions), siprecServerURL: [...recorders] } }),
];

const rareUpdates: readonly Maker[] = [
  ({ random }) => ({ call_status: pick(random, ['completed', 'no-answer']) }),
  () => ({ nonsense: true }),
  () => ({ whisper: { verb: 'gather' } }),
  () => ({ mute_status: 'mute', conf_mute_status: 'mute' }),
  () => ({ agent_update: { type: 'generate_reply' } }),
  () => ({ llm_status: 'stop' }),
];

export const randomUpdate = (props: Props): Json =>
  pick(props.random, props.random.next() < 0.9 ? updates : rareUpdates)(props);

/** A message of a socket application, unasked: commands, and what is none. */
export function randomMessage(props: Props): string {
  const { random } = props;
  const command = (name: string, data: unknown): Json => ({ type: 'command', command: name, data });
  const message = pick<() => Json>(random, [
    () => command('redirect', randomApplication(props)),
    () => ({ ...command('redirect', randomApplication(props)), queueCommand: true }),
    () => command('whisper', { whisper: { verb: 'play', url: tone(random, 400) } }),
    () => command('mute:status', { mute_status: pick(random, ['mute', 'unmute']) }),
    () => command('dtmf', { digit: '7' }),
    () => command('boostAudioSignal', '-3 dB'),
    () => command('conf:participant-action', { action: pick(random, ['mute', 'kick', 'hold', 'unhold']) }),
    () => command('listen:status', pick(random, ['pause', 'resume', 'silence'])),
    () => command('media:path', pick(random, ['no-media', 'full-media'])),
    () => command('dub', { action: 'addTrack', track: 'socket', play: tone(random) }),
    () => command('record', { action: pick(random, recordActions), type: 'cloud' }),
    () => command('nonsense', {}),
    () => ({ type: 'ack', msgid: 'never-asked' }),
    () => ({ type: 7 }),
  ])();
  const text = JSON.stringify(message);
  return random.next() < 0.05 ? text.slice(0, randomInt(random, text.length)) : text;
}
