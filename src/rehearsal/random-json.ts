// Random applications and updates for rehearsals: every verb and command, mostly right, sometimes wrong.
import { type Random, randomInt } from '../base/index.ts';

export type Json = Record<string, unknown>;

const pick = <T>(random: Random, list: readonly T[]): T => list[randomInt(random, list.length)]!;

const tone = (random: Random, ms = 200 + randomInt(random, 3_000)): string =>
  `tone_stream://%(${ms},0,${300 + randomInt(random, 900)})`;

type Maker = (random: Random) => Json;

/** Verbs that take their time; applications are mostly made of them, so that updates meet a running call. */
const lasting: readonly Maker[] = [
  (random) => ({
    verb: 'play',
    url: tone(random),
    loop: 1 + randomInt(random, 4),
    ...(random.next() < 0.5 && { actionHook: '/played' }),
  }),
  (random) => ({ verb: 'play', url: [tone(random, 400), 'silence_stream://300', tone(random)], timeoutSecs: 4 }),
  (random) => ({
    verb: 'gather',
    actionHook: '/digits',
    numDigits: 1 + randomInt(random, 3),
    timeout: 1 + randomInt(random, 8),
    play: { url: tone(random) },
    ...(random.next() < 0.3 && { partialResultHook: '/partial' }),
    ...(random.next() < 0.3 && { interDigitTimeout: 1 }),
    ...(random.next() < 0.2 && { dtmfBargein: false }),
    ...(random.next() < 0.2 && { finishOnKey: '#' }),
  }),
  (random) => ({ verb: 'pause', length: 1 + randomInt(random, 4) }),
];

const short: readonly Maker[] = [
  () => ({ verb: 'answer' }),
  (random) => ({ verb: 'tag', data: { n: randomInt(random, 100) } }),
  (random) => ({ verb: 'dtmf', dtmf: String(randomInt(random, 1_000)), duration: 100 }),
  () => ({ verb: 'redirect', actionHook: '/next' }),
  (random) => ({ verb: 'config', boostAudioSignal: randomInt(random, 20) - 10 }),
  () => ({ verb: 'config', notifyEvents: true, sipRequestWithinDialogHook: '/in-dialog' }),
  () => ({ verb: 'sip:request', method: 'INFO', body: 'x', actionHook: '/requested' }),
  () => ({ verb: 'alert', message: 'info=alert-internal' }),
];

/** Endings, early answers that cannot work, and an application that is none. */
const rare: readonly Maker[] = [
  () => ({ verb: 'hangup', headers: { 'X-Reason': 'done' } }),
  () => ({ verb: 'sip:decline', status: 486 }),
  () => ({ verb: 'play', url: 'nonsense' }),
  () => ({ verb: 'play', url: 'http://nowhere.example/a.wav', actionHook: '/played' }),
];

export function randomApplication(random: Random): Json[] {
  return Array.from({ length: 2 + randomInt(random, 5) }, () => {
    const dice = random.next();
    return pick(random, dice < 0.6 ? lasting : dice < 0.97 ? short : rare)(random);
  });
}

/** What a hook answers: often nothing, which lets the next verb run. */
export function randomAnswer(random: Random): unknown {
  const dice = random.next();
  if (dice < 0.35) return undefined;
  if (dice < 0.4) return [];
  return dice < 0.43 ? { not: 'an application' } : randomApplication(random);
}

const updates: readonly Maker[] = [
  () => ({ call_hook: '/next' }),
  (random) => ({ mute_status: pick(random, ['mute', 'unmute']) }),
  (random) => ({ boostAudioSignal: randomInt(random, 30) - 15 }),
  () => ({ dtmf: { digit: '1' } }),
  (random) => ({ tag: { t: randomInt(random, 10) } }),
  (random) => ({ whisper: { verb: 'play', url: tone(random, 200 + randomInt(random, 900)) } }),
  (random) => ({ whisper: [{ verb: 'play', url: tone(random, 300) }], mute_status: 'unmute' }),
  () => ({ sip_request: { method: 'INFO', content_type: 'text/plain', content: 'x' } }),
];

const rareUpdates: readonly Maker[] = [
  (random) => ({ call_status: pick(random, ['completed', 'no-answer']) }),
  () => ({ nonsense: true }),
  () => ({ whisper: { verb: 'gather' } }),
];

export const randomUpdate = (random: Random): Json =>
  pick(random, random.next() < 0.88 ? updates : rareUpdates)(random);

/** A message of a socket application, unasked: commands, and what is none. */
export function randomMessage(random: Random): string {
  const message = pick<Maker>(random, [
    () => ({ type: 'command', command: 'redirect', data: randomApplication(random) }),
    () => ({ type: 'command', command: 'redirect', queueCommand: true, data: randomApplication(random) }),
    () => ({ type: 'command', command: 'whisper', data: { whisper: { verb: 'play', url: tone(random, 400) } } }),
    () => ({ type: 'command', command: 'mute:status', data: { mute_status: pick(random, ['mute', 'unmute']) } }),
    () => ({ type: 'command', command: 'dtmf', data: { digit: '7' } }),
    () => ({ type: 'command', command: 'boostAudioSignal', data: '-3 dB' }),
    () => ({ type: 'command', command: 'nonsense', data: {} }),
    () => ({ type: 'ack', msgid: 'never-asked' }),
    () => ({ type: 7 }),
  ])(random);
  const text = JSON.stringify(message);
  return random.next() < 0.05 ? text.slice(0, randomInt(random, text.length)) : text;
}
