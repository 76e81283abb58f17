// Random applications for rehearsals: every verb, mostly right, sometimes wrong.
import { type Random, randomInt } from '../base/index.ts';

export type Json = Record<string, unknown>;

/** What makers of random JSON know of the world. */
export interface Props {
  random: Random;
  /** SIP URIs of phones that can be called. */
  phones: readonly string[];
  /** Where audio can be streamed to. */
  audioUrl: string;
  recorders: readonly string[];
  /** Noise suppression is tried, which takes the phones' notes for noise. */
  isolates: boolean;
}

/** Fields of an answer in which only one sense is right: what the hook's verbs may be. */
const sounds: readonly Maker[] = [
  ({ random }) => ({ verb: 'play', url: tone(random, 300 + randomInt(random, 900)) }),
  () => ({ verb: 'pause', length: 1 }),
  ({ random }) => ({ verb: 'say', text: sentence(random) }),
];

export type Maker = (props: Props) => Json;

export const pick = <T>(random: Random, list: readonly T[]): T => list[randomInt(random, list.length)]!;
const chance = ({ random }: Props, share: number, fields: Json): Json => (random.next() < share ? fields : {});

export const tone = (random: Random, ms = 200 + randomInt(random, 3_000)): string =>
  `tone_stream://%(${ms},0,${300 + randomInt(random, 900)})`;

const rooms = ['red', 'blue'] as const;
const queues = ['sales', 'sales', 'sales', 'support'] as const;
/** The second is a server that comes and goes, with the first in reserve. */
const recognizers = [
  { vendor: 'test', language: 'en-US' },
  { vendor: 'custom:ears', language: 'en-US', fallbackVendor: 'test', fallbackLanguage: 'en-US' },
] as const;
const recognizer = (random: Random): Json => ({ ...recognizers[random.next() < 0.8 ? 0 : 1] });

/** In a hurry, as rehearsals are short. */
const amd = (random: Random): Json => ({
  actionHook: '/amd',
  thresholdWordCount: 2 + randomInt(random, 3),
  timers: { noSpeechTimeoutMs: 1_500, decisionTimeoutMs: 4_000, toneTimeoutMs: 6_000 },
  recognizer: recognizer(random),
});

const sentence = (random: Random): string =>
  pick(random, ['One moment please.', 'You are next.', 'Welcome to the desk. How can we help?']);

const play: Maker = (props) => ({
  verb: 'play',
  url: tone(props.random),
  loop: 1 + randomInt(props.random, 4),
  ...chance(props, 0.5, { actionHook: '/played' }),
});

const dial: Maker = (props) => {
  const { random, phones, audioUrl } = props;
  return {
    verb: 'dial',
    target: Array.from({ length: 1 + randomInt(random, 2) }, () => ({ type: 'sip', sipUri: pick(random, phones) })),
    ...chance(props, 0.5, { actionHook: '/dialled' }),
    ...chance(props, 0.5, { answerOnBridge: true }),
    ...chance(props, 0.4, { timeout: 2 + randomInt(random, 6) }),
    ...chance(props, 0.3, { timeLimit: 1 + randomInt(random, 8) }),
    ...chance(props, 0.2, { confirmHook: '/confirm' }),
    ...chance(props, 0.2, { dialMusic: tone(random) }),
    ...chance(props, 0.2, { referHook: '/referred' }),
    ...chance(props, 0.2, { onHoldHook: '/held' }),
    ...chance(props, 0.2, { dtmfCapture: ['1', '2#'], dtmfHook: '/captured' }),
    ...chance(props, 0.2, { listen: { url: audioUrl, mixType: 'stereo' } }),
    ...chance(props, 0.2, { transcribe: { transcriptionHook: '/heard', recognizer: recognizer(random) } }),
    ...chance(props, 0.2, { amd: amd(random) }),
    ...chance(props, 0.1, { anchorMedia: true }),
    ...chance(props, 0.2, { exitMediaPath: true }),
    ...chance(props, 0.1, { boostAudioSignal: 3 }),
    ...chance(props, 0.15, {
      dub: [{ action: 'addTrack', track: 'dialled', play: tone(random), loop: true, gain: -12 }],
    }),
    ...chance(props, 0.1, { hangupHeaders: { 'X-Left': 'yes' }, headers: { 'X-Dialled': 'yes' } }),
    ...chance(props, 0.1, { callerId: '15550001111', tag: { dialled: true } }),
  };
};

const conference: Maker = (props) => {
  const { random, audioUrl } = props;
  return {
    verb: 'conference',
    name: pick(random, rooms),
    ...chance(props, 0.5, { startConferenceOnEnter: random.next() < 0.8 }),
    ...chance(props, 0.3, { endConferenceOnExit: true }),
    ...chance(props, 0.3, { joinMuted: true }),
    ...chance(props, 0.3, { beep: true }),
    ...chance(props, 0.4, { waitHook: '/wait' }),
    ...chance(props, 0.2, { enterHook: '/enter' }),
    ...chance(props, 0.3, { memberTag: 'agent' }),
    ...chance(props, 0.2, { speakOnlyTo: 'agent' }),
    ...chance(props, 0.2, { maxParticipants: 2 + randomInt(random, 2) }),
    ...chance(props, 0.4, { statusHook: '/room', statusEvents: ['start', 'join', 'leave', 'end', 'start-talking'] }),
    ...chance(props, 0.1, { distributeDtmf: true }),
    ...chance(props, 0.1, { listen: { url: audioUrl, mixType: 'mixed', ...chance(props, 0.5, { scope: 'members' }) } }),
    ...chance(props, 0.1, { record: { path: pick(random, ['room.wav', 'room.mp3']) } }),
    ...chance(props, 0.5, { actionHook: '/left' }),
  };
};

const listen: Maker = (props) => {
  const { random, audioUrl } = props;
  return {
    verb: 'listen',
    url: audioUrl,
    mixType: pick(random, ['mono', 'stereo', 'mixed']),
    sampleRate: pick(random, [8_000, 8_000, 16_000, 24_000, 48_000]),
    ...chance(props, 0.4, { maxLength: 2 + randomInt(random, 8) }),
    ...chance(props, 0.2, { playBeep: true, metadata: { n: 1 }, wsAuth: { username: 'u', password: 'p' } }),
    ...chance(props, 0.2, { transcribe: { transcriptionHook: '/heard', recognizer: recognizer(random) } }),
    ...chance(props, 0.3, { finishOnKey: '#', passDtmf: true }),
    ...chance(props, 0.3, { bidirectionalAudio: { enabled: true, streaming: true, sampleRate: 16_000 } }),
    ...chance(props, 0.5, { actionHook: '/listened' }),
  };
};

/** Verbs that take their time; applications are mostly made of them, so that updates meet a running call. */
const enqueue: Maker = (props) => ({
  verb: 'enqueue',
  name: pick(props.random, queues),
  ...chance(props, 0.5, { priority: randomInt(props.random, 3) }),
  ...chance(props, 0.7, { waitHook: '/wait' }),
  ...chance(props, 0.5, { actionHook: '/queued' }),
});

const dequeue: Maker = (props) => ({
  verb: 'dequeue',
  name: pick(props.random, queues),
  timeout: 2 + randomInt(props.random, 8),
  ...chance(props, 0.3, { beep: true }),
  ...chance(props, 0.5, { actionHook: '/taken' }),
});

/** What brings a call together with others, or lets it wait for them. */
const joining: readonly Maker[] = [dial, dial, conference, conference, enqueue, dequeue];

const lasting: readonly Maker[] = [
  play,
  ({ random }) => ({ verb: 'say', text: sentence(random), loop: 1 + randomInt(random, 3) }),
  ({ random }) => ({ verb: 'play', url: [tone(random, 400), 'silence_stream://300', tone(random)], timeoutSecs: 4 }),
  (props) => ({
    verb: 'gather',
    actionHook: '/digits',
    numDigits: 1 + randomInt(props.random, 3),
    timeout: 1 + randomInt(props.random, 8),
    play: { url: tone(props.random) },
    ...chance(props, 0.4, { input: ['speech', 'digits'], recognizer: recognizer(props.random) }),
    ...chance(props, 0.3, { partialResultHook: '/partial' }),
    ...chance(props, 0.3, { interDigitTimeout: 1 }),
    ...chance(props, 0.2, { dtmfBargein: false }),
    ...chance(props, 0.2, { finishOnKey: '#' }),
  }),
  ({ random }) => ({ verb: 'pause', length: 1 + randomInt(random, 4) }),
  listen,
  ({ random }) => ({ verb: 'transcribe', transcriptionHook: '/heard', recognizer: recognizer(random) }),
];

/** What goes on behind the verbs. */
const background: readonly Maker[] = [
  ({ random }) => ({ verb: 'config', boostAudioSignal: randomInt(random, 20) - 10 }),
  () => ({ verb: 'config', notifyEvents: true, sipRequestWithinDialogHook: '/in-dialog', referHook: '/referred' }),
  ({ random, audioUrl }) => ({
    verb: 'config',
    listen: { enable: random.next() < 0.7, url: audioUrl, mixType: 'mixed' },
  }),
  ({ random }) => ({
    verb: 'config',
    transcribe: { enable: random.next() < 0.7, transcriptionHook: '/heard', recognizer: recognizer(random) },
  }),
  ({ random }) => ({
    verb: 'config',
    bargeIn: {
      enable: random.next() < 0.7,
      sticky: random.next() < 0.5,
      input: pick(random, [['digits'], ['speech'], ['speech', 'digits']]),
      actionHook: '/barged',
      recognizer: recognizer(random),
    },
  }),
  ({ random }) => ({ verb: 'config', amd: amd(random) }),
  ({ random }) => ({ verb: 'config', onHoldMusic: tone(random) }),
  ({ random }) => ({ verb: 'config', record: { action: pick(random, recordActions), type: 'cloud' } }),
  ({ random, recorders }) => ({
    verb: 'config',
    record: { action: pick(random, recordActions), siprecServerURL: pick(random, recorders) },
  }),
  ({ random }) => ({ verb: 'config', reset: ['synthesizer', 'recognizer'], recognizer: recognizer(random) }),
  ({ random, isolates }) => ({ verb: 'config', noiseIsolation: { enable: isolates && random.next() < 0.6 } }),
  ({ random }) => ({ verb: 'dub', action: 'addTrack', track: 'music', play: tone(random), loop: random.next() < 0.5 }),
  ({ random }) => ({ verb: 'dub', action: 'addTrack', track: `music ${randomInt(random, 3)}`, say: sentence(random) }),
  ({ random }) => ({ verb: 'dub', action: pick(random, ['silenceTrack', 'removeTrack']), track: 'music' }),
];

export const recordActions = [
  'startCallRecording',
  'startCallRecording',
  'startCallRecording',
  'stopCallRecording',
  'pauseCallRecording',
  'resumeCallRecording',
] as const;

const short: readonly Maker[] = [
  () => ({ verb: 'answer' }),
  ({ random }) => ({ verb: 'tag', data: { n: randomInt(random, 100) } }),
  ({ random }) => ({ verb: 'dtmf', dtmf: String(randomInt(random, 1_000)), duration: 100 }),
  () => ({ verb: 'redirect', actionHook: '/next' }),
  () => ({ verb: 'sip:request', method: 'INFO', body: 'x', actionHook: '/requested' }),
  () => ({ verb: 'alert', message: 'info=alert-internal' }),
  ({ random, phones }) => ({
    verb: 'sip:refer',
    referTo: pick(random, phones),
    actionHook: '/refer',
    eventHook: '/refer-event',
  }),
];

/** Endings, early answers that cannot work, and an application that is none. */
const rare: readonly Maker[] = [
  () => ({ verb: 'hangup', headers: { 'X-Reason': 'done' } }),
  () => ({ verb: 'sip:decline', status: 486 }),
  () => ({ verb: 'leave' }),
  () => ({ verb: 'play', url: 'nonsense' }),
  () => ({ verb: 'play', url: 'http://nowhere.example/a.wav', actionHook: '/played' }),
  () => ({
    verb: 'dial',
    target: [{ type: 'sip', sipUri: 'sip:nobody@127.0.0.99' }],
    timeout: 2,
    actionHook: '/dialled',
  }),
  () => ({ verb: 'listen', url: 'ws://nowhere.example/', actionHook: '/listened' }),
];

/** Something behind, somebody to talk to, and then a while of anything. */
export function randomApplication(props: Props): Json[] {
  const { random } = props;
  const rest = Array.from({ length: 1 + randomInt(random, 5) }, () => {
    const dice = random.next();
    const kind = dice < 0.35 ? lasting : dice < 0.55 ? joining : dice < 0.8 ? background : dice < 0.97 ? short : rare;
    return pick(random, kind)(props);
  });
  const first = random.next() < 0.3 ? [pick(random, background)(props)] : [];
  return random.next() < 0.6 ? [...first, pick(random, joining)(props), ...rest] : [...first, ...rest];
}

/** What a hook of a side program may answer: waits may leave, a confirmation may hang up, all may speak; rarely one is wrong. */
export function randomAside({ random, ...rest }: Props, path: string): unknown {
  const props = { random, ...rest };
  const dice = random.next();
  if (dice < 0.1) return path === '/confirm' ? undefined : [];
  const answer = Array.from({ length: 1 + randomInt(random, 2) }, () => pick(random, sounds)(props));
  const ending = path === '/wait' ? 'leave' : path === '/confirm' ? 'hangup' : undefined;
  if (ending !== undefined && dice < 0.2) answer.push({ verb: ending });
  if (dice > 0.97) answer.push({ verb: 'dial', target: [] });
  return answer;
}

/** What a hook answers: mostly nothing, which lets the next verb run. */
export function randomAnswer(props: Props): unknown {
  const dice = props.random.next();
  if (dice < 0.55) return undefined;
  if (dice < 0.58) return [];
  return dice < 0.6 ? { not: 'an application' } : randomApplication(props);
}
