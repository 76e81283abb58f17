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
}

export type Maker = (props: Props) => Json;

export const pick = <T>(random: Random, list: readonly T[]): T => list[randomInt(random, list.length)]!;
const chance = ({ random }: Props, share: number, fields: Json): Json => (random.next() < share ? fields : {});

export const tone = (random: Random, ms = 200 + randomInt(random, 3_000)): string =>
  `tone_stream://%(${ms},0,${300 + randomInt(random, 900)})`;

const rooms = ['red', 'blue'] as const;
const queues = ['sales', 'support'] as const;
const recognizer = { vendor: 'test', language: 'en-US' };

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
    ...chance(props, 0.2, { transcribe: { transcriptionHook: '/heard', recognizer } }),
    ...chance(props, 0.1, { anchorMedia: true }),
    ...chance(props, 0.1, { exitMediaPath: true }),
    ...chance(props, 0.1, { boostAudioSignal: 3 }),
  };
};

const conference: Maker = (props) => {
  const { random } = props;
  return {
    verb: 'conference',
    name: pick(random, rooms),
    ...chance(props, 0.5, { startConferenceOnEnter: random.next() < 0.7 }),
    ...chance(props, 0.3, { endConferenceOnExit: true }),
    ...chance(props, 0.3, { joinMuted: true }),
    ...chance(props, 0.3, { beep: true }),
    ...chance(props, 0.4, { waitHook: '/wait' }),
    ...chance(props, 0.2, { enterHook: '/enter' }),
    ...chance(props, 0.3, { memberTag: 'agent' }),
    ...chance(props, 0.2, { speakOnlyTo: 'agent' }),
    ...chance(props, 0.2, { maxParticipants: 2 + randomInt(random, 2) }),
    ...chance(props, 0.4, { statusHook: '/room', statusEvents: ['start', 'join', 'leave', 'end', 'start-talking'] }),
    ...chance(props, 0.5, { actionHook: '/left' }),
  };
};

const listen: Maker = (props) => {
  const { random, audioUrl } = props;
  return {
    verb: 'listen',
    url: audioUrl,
    mixType: pick(random, ['mono', 'stereo', 'mixed']),
    sampleRate: pick(random, [8_000, 16_000, 48_000]),
    ...chance(props, 0.5, { maxLength: 1 + randomInt(random, 5) }),
    ...chance(props, 0.3, { finishOnKey: '#', passDtmf: true }),
    ...chance(props, 0.3, { bidirectionalAudio: { enabled: true, streaming: true, sampleRate: 16_000 } }),
    ...chance(props, 0.5, { actionHook: '/listened' }),
  };
};

/** Verbs that take their time; applications are mostly made of them, so that updates meet a running call. */
const lasting: readonly Maker[] = [
  play,
  ({ random }) => ({ verb: 'play', url: [tone(random, 400), 'silence_stream://300', tone(random)], timeoutSecs: 4 }),
  (props) => ({
    verb: 'gather',
    actionHook: '/digits',
    numDigits: 1 + randomInt(props.random, 3),
    timeout: 1 + randomInt(props.random, 8),
    play: { url: tone(props.random) },
    ...chance(props, 0.4, { input: ['speech', 'digits'], recognizer }),
    ...chance(props, 0.3, { partialResultHook: '/partial' }),
    ...chance(props, 0.3, { interDigitTimeout: 1 }),
    ...chance(props, 0.2, { dtmfBargein: false }),
    ...chance(props, 0.2, { finishOnKey: '#' }),
  }),
  ({ random }) => ({ verb: 'pause', length: 1 + randomInt(random, 4) }),
  dial,
  dial,
  conference,
  conference,
  ({ random }) => ({
    verb: 'enqueue',
    name: pick(random, queues),
    priority: randomInt(random, 3),
    waitHook: '/wait',
    actionHook: '/queued',
  }),
  (props) => ({
    verb: 'dequeue',
    name: pick(props.random, queues),
    timeout: 1 + randomInt(props.random, 5),
    ...chance(props, 0.3, { beep: true }),
    ...chance(props, 0.5, { actionHook: '/taken' }),
  }),
  listen,
  () => ({ verb: 'transcribe', transcriptionHook: '/heard', recognizer }),
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
    transcribe: { enable: random.next() < 0.7, transcriptionHook: '/heard', recognizer },
  }),
  ({ random }) => ({
    verb: 'config',
    bargeIn: { enable: random.next() < 0.7, sticky: random.next() < 0.5, input: ['digits'], actionHook: '/barged' },
  }),
  ({ random }) => ({ verb: 'config', onHoldMusic: tone(random) }),
  ({ random }) => ({ verb: 'config', record: { action: pick(random, recordActions), type: 'cloud' } }),
  ({ random }) => ({ verb: 'config', noiseIsolation: { enable: random.next() < 0.6 } }),
  ({ random }) => ({ verb: 'dub', action: 'addTrack', track: 'music', play: tone(random), loop: random.next() < 0.5 }),
  ({ random }) => ({ verb: 'dub', action: pick(random, ['silenceTrack', 'removeTrack']), track: 'music' }),
];

export const recordActions = [
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
];

/** Endings, early answers that cannot work, and an application that is none. */
const rare: readonly Maker[] = [
  () => ({ verb: 'hangup', headers: { 'X-Reason': 'done' } }),
  () => ({ verb: 'sip:decline', status: 486 }),
  () => ({ verb: 'leave' }),
  () => ({ verb: 'play', url: 'nonsense' }),
  () => ({ verb: 'play', url: 'http://nowhere.example/a.wav', actionHook: '/played' }),
  ({ random, phones }) => ({
    verb: 'sip:refer',
    referTo: pick(random, phones),
    actionHook: '/refer',
    eventHook: '/refer-event',
  }),
  () => ({
    verb: 'dial',
    target: [{ type: 'sip', sipUri: 'sip:nobody@127.0.0.99' }],
    timeout: 2,
    actionHook: '/dialled',
  }),
  () => ({ verb: 'listen', url: 'ws://nowhere.example/', actionHook: '/listened' }),
];

export function randomApplication(props: Props): Json[] {
  const { random } = props;
  return Array.from({ length: 2 + randomInt(random, 5) }, () => {
    const dice = random.next();
    const kind = dice < 0.6 ? lasting : dice < 0.8 ? background : dice < 0.96 ? short : rare;
    return pick(random, kind)(props);
  });
}

/** What a hook of a side program may answer: wait, enter, hold, confirm. */
export function randomAside({ random }: Props): unknown {
  const makers: (() => Json)[] = [
    () => ({ verb: 'play', url: tone(random, 300 + randomInt(random, 900)) }),
    () => ({ verb: 'pause', length: 1 }),
    () => ({ verb: 'leave' }),
    () => ({ verb: 'hangup' }),
  ];
  const dice = random.next();
  if (dice < 0.15) return undefined;
  if (dice < 0.25) return [];
  return Array.from({ length: 1 + randomInt(random, 2) }, () =>
    makers[dice < 0.85 ? randomInt(random, 2) : 2 + randomInt(random, 2)]!(),
  );
}

/** What a hook answers: often nothing, which lets the next verb run. */
export function randomAnswer(props: Props): unknown {
  const dice = props.random.next();
  if (dice < 0.35) return undefined;
  if (dice < 0.4) return [];
  return dice < 0.43 ? { not: 'an application' } : randomApplication(props);
}
