// Everything that listens, at once and at random: callers who talk and press, applications that change course, updates, dying
// workers and recognition servers. Every call ends, tells it once, and leaves nothing open.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { seededRandom } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { Speaker } from '../kit/speaking.ts';
import { type SttServer, sttCredential, sttServer } from '../kit/stt-server.ts';

const seeds = 12;
const words = ['yes', 'no', 'agent', 'help', 'stop', 'one', 'hm'];
const finals = ['completed', 'failed', 'busy', 'no-answer'];

/** A storm in which nobody is understood proves nothing. */
let understood = 0;
after(() => assert.ok(understood > 2 * seeds, `${understood} transcripts`));

interface Dice {
  next(): number;
  often(share: number): boolean;
  pick<T>(list: readonly T[]): T;
}

function diceOf(seed: string): Dice {
  const random = seededRandom(seed);
  return {
    next: () => random.next(),
    often: (share) => random.next() < share,
    pick: (list) => list[Math.floor(random.next() * list.length)]!,
  };
}

const recognizer = ({ often, pick }: Dice): Json => ({
  vendor: pick(['test', 'test', 'test', 'custom:mine', 'custom:mine', 'custom:none']),
  ...(often(0.5) && { fallbackVendor: pick(['test', 'custom:mine', 'custom:none']) }),
  ...(often(0.3) && { asrTimeout: 1, asrDtmfTerminationDigit: '#' }),
  ...(often(0.2) && { minConfidence: 0.6 }),
  ...(often(0.2) && { fastRecognitionTimeout: 0.5 }),
  ...(often(0.2) && { singleUtterance: true }),
  ...(often(0.5) && { interim: true }),
});

const input = ({ pick }: Dice): string[] => pick([['speech'], ['speech', 'digits'], ['digits']]);

const gather = (dice: Dice): Json => ({
  verb: 'gather',
  input: input(dice),
  timeout: dice.pick([0, 1, 3]),
  actionHook: '/next',
  numDigits: 2,
  recognizer: recognizer(dice),
  ...(dice.often(0.6) && { play: { url: toneUrl(440, 2_000) } }),
  ...(dice.often(0.6) && { bargein: true, minBargeinWordCount: dice.pick([0, 1, 2]) }),
  ...(dice.often(0.3) && { listenDuringPrompt: false }),
  ...(dice.often(0.3) && { partialResultHook: '/partial' }),
  ...(dice.often(0.3) && { fillerNoise: { enable: true, url: toneUrl(300, 200) } }),
});

const delay = { noResponseTimeout: 0.5, actions: [{ verb: 'play', url: toneUrl(500, 300) }], retries: 2 };

const makers: readonly ((dice: Dice) => Json)[] = [
  gather,
  gather,
  (dice) => ({ verb: 'transcribe', transcriptionHook: '/heard', recognizer: recognizer(dice) }),
  (dice) => ({ verb: 'config', recognizer: recognizer(dice), notifySttLatency: dice.often(0.5) }),
  (dice) => ({
    verb: 'config',
    bargeIn: {
      enable: dice.often(0.7),
      sticky: dice.often(0.5),
      input: input(dice),
      actionHook: '/next',
      numDigits: 1,
    },
  }),
  (dice) => ({
    verb: 'config',
    transcribe: {
      enable: dice.often(0.7),
      transcriptionHook: '/heard',
      recognizer: recognizer(dice),
      channel: dice.pick([1, 2]),
    },
  }),
  (dice) => ({
    verb: 'config',
    actionHookDelayAction: { ...delay, ...(dice.often(0.3) && { noResponseGiveUpTimeout: 2 }) },
  }),
  () => ({ verb: 'play', url: toneUrl(600, 1_500), actionHook: '/next' }),
];

const program = (dice: Dice): Json[] => [
  ...Array.from({ length: 1 + Math.floor(dice.next() * 5) }, () => dice.pick(makers)(dice)),
  { verb: 'play', url: toneUrl(700, 20_000) },
];

for (let seed = 1; seed <= seeds; seed++) {
  test(`storm ${seed}`, async () => {
    const dice = diceOf(`storm ${seed}`);
    const s: Scene = await scene({
      '/': program(dice),
      '/next': async () => {
        if (dice.often(0.3)) await new Promise<void>((resolve) => s.stage.clock.after(dice.next() * 3_000, resolve));
        return dice.often(0.8) ? program(dice) : undefined;
      },
      '/heard': () => (dice.often(0.1) ? program(dice) : undefined),
    });
    const server = sttServer(s.stage, 'ws://stt.example/');
    await sttCredential(s, 'mine', 'ws://stt.example/');
    const call = await s.dial();
    if (call.finalResponse?.status === 200) await talk(s, { call, server, dice });
    await s.run(8_000);
    const told = s.statuses().filter((status) => finals.includes(status));
    assert.equal(told.length, 1, told.join());
    const ofUs = /internal error|failed$/;
    const bugs = s.stage.events.filter(({ event }) => event.type === 'error' && ofUs.test(String(event.what)));
    assert.deepEqual(bugs, []);
    understood += s.stage.events.filter(({ event }) => event.type === 'transcript').length;
    await s.end();
  });
}

interface Means {
  call: PhoneCall;
  server: SttServer;
  dice: Dice;
}

async function talk(s: Scene, means: Means): Promise<void> {
  const { call, dice } = means;
  const voice = new Speaker();
  call.audio.voice = voice.next;
  for (let step = 0; step < 60 && !call.ended; step++) {
    if (dice.often(0.5)) voice.say(`${dice.pick(words)} ${dice.pick(words)}`);
    if (dice.often(0.2)) call.press(dice.pick(['1', '2', '#']), 60);
    disturb(s, means);
    if (dice.often(0.1)) await s.update(call, { call_hook: 'http://app.example/next' });
    if (dice.often(0.2)) await s.update(call, { transcribe_status: dice.pick(['pause', 'resume']) });
    await s.run(100 + dice.next() * 700);
  }
  if (!call.ended) await s.stage.clock.settle(call.hangup());
}

/** Something happens to who hears it. */
function disturb({ stage }: Scene, { server, dice: { often, pick } }: Means): void {
  if (often(0.2)) server.say(pick(words), { final: often(0.5) });
  if (often(0.05)) server.fail('no more');
  if (often(0.05)) server.server.kill();
  if (often(0.1)) server.server.state = pick(['up', 'up', 'refusing', 503, 'hanging']);
  if (often(0.1)) server.server.stalled = often(0.3);
  if (often(0.03)) stage.killWorker(0);
}
