// Everything that listens, at once and at random: callers who talk and press, applications that change course, updates, dying
// workers and recognition servers. Every call ends, tells it once, and leaves nothing open.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { seededRandom } from '../../src/base/sim/index.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { Speaker } from '../kit/speaking.ts';
import { type SttServer, sttCredential, sttServer } from '../kit/stt-server.ts';

const seeds = 12;
const words = ['yes', 'no', 'agent', 'help', 'stop', 'one', 'hm'];
const finals = ['completed', 'failed', 'busy', 'no-answer'];

/** A storm in which nobody is understood proves nothing. */
let understood = 0;
after(() => assert.ok(understood > 2 * seeds, `${understood} transcripts`));

for (let seed = 1; seed <= seeds; seed++) {
  test(`storm ${seed}`, async () => {
    const random = seededRandom(`storm ${seed}`);
    const often = (share: number): boolean => random.next() < share;
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
    const recognizer = (): Json => ({
      vendor: pick(['test', 'test', 'test', 'custom:mine', 'custom:mine', 'custom:none']),
      ...(often(0.5) && { fallbackVendor: pick(['test', 'custom:mine', 'custom:none']) }),
      ...(often(0.3) && { asrTimeout: 1, asrDtmfTerminationDigit: '#' }),
      ...(often(0.2) && { minConfidence: 0.6 }),
      ...(often(0.2) && { fastRecognitionTimeout: 0.5 }),
      ...(often(0.2) && { singleUtterance: true }),
      ...(often(0.5) && { interim: true }),
    });
    const input = (): string[] => pick([['speech'], ['speech', 'digits'], ['digits']]);
    const delay = { noResponseTimeout: 0.5, actions: [{ verb: 'play', url: toneUrl(500, 300) }], retries: 2 };
    const makers: (() => Json)[] = [
      () => ({
        verb: 'gather',
        input: input(),
        timeout: pick([0, 1, 3]),
        actionHook: '/next',
        numDigits: 2,
        recognizer: recognizer(),
        ...(often(0.6) && { play: { url: toneUrl(440, 2_000) } }),
        ...(often(0.6) && { bargein: true, minBargeinWordCount: pick([0, 1, 2]) }),
        ...(often(0.3) && { listenDuringPrompt: false }),
        ...(often(0.3) && { partialResultHook: '/partial' }),
        ...(often(0.3) && { fillerNoise: { enable: true, url: toneUrl(300, 200) } }),
      }),
      () => ({ verb: 'transcribe', transcriptionHook: '/heard', recognizer: recognizer() }),
      () => ({ verb: 'config', recognizer: recognizer(), notifySttLatency: often(0.5) }),
      () => ({
        verb: 'config',
        bargeIn: { enable: often(0.7), sticky: often(0.5), input: input(), actionHook: '/next', numDigits: 1 },
      }),
      () => ({
        verb: 'config',
        transcribe: {
          enable: often(0.7),
          transcriptionHook: '/heard',
          recognizer: recognizer(),
          channel: pick([1, 2]),
        },
      }),
      () => ({
        verb: 'config',
        actionHookDelayAction: { ...delay, ...(often(0.3) && { noResponseGiveUpTimeout: 2 }) },
      }),
      () => ({ verb: 'play', url: toneUrl(600, 1_500), actionHook: '/next' }),
    ];
    const program = (): Json[] => [
      ...Array.from({ length: 1 + Math.floor(random.next() * 5) }, () => pick(makers)()),
      { verb: 'play', url: toneUrl(700, 20_000) },
    ];
    const answer = async (): Promise<unknown[] | undefined> => {
      if (often(0.3)) await new Promise<void>((resolve) => s.stage.clock.after(random.next() * 3_000, resolve));
      return often(0.8) ? program() : undefined;
    };
    const s: Scene = await scene({
      '/': program(),
      '/next': answer,
      '/heard': () => (often(0.1) ? program() : undefined),
    });
    const server = sttServer(s.stage, 'ws://stt.example/');
    await sttCredential(s, 'mine', 'ws://stt.example/');
    const call = await s.dial().catch(() => undefined);
    if (call?.finalResponse?.status === 200) {
      const voice = new Speaker();
      call.audio.voice = voice.next;
      for (let step = 0; step < 60 && !call.ended; step++) {
        await disturb(s, { server, voice, often, pick });
        if (often(0.2)) call.press(pick(['1', '2', '#']), 60);
        if (often(0.1)) await s.update(call, { call_hook: 'http://app.example/next' });
        if (often(0.2)) await s.update(call, { transcribe_status: pick(['pause', 'resume']) });
        await s.run(100 + random.next() * 700);
      }
      if (!call.ended) await s.stage.clock.settle(call.hangup());
    }
    await s.run(8_000);
    const told = s.statuses().filter((status) => finals.includes(status));
    assert.equal(told.length, 1, told.join());
    const bugs = s.stage.events.filter(
      ({ event }) => /internal error|failed$/.test(String(event.what ?? '')) && event.type === 'error',
    );
    assert.deepEqual(bugs, []);
    understood += s.stage.events.filter(({ event }) => event.type === 'transcript').length;
    await s.end();
  });
}

interface Means {
  server: SttServer;
  voice: Speaker;
  often(share: number): boolean;
  pick<T>(list: readonly T[]): T;
}

/** Something happens to what is heard, or to who hears it. */
async function disturb({ stage }: Scene, { server, voice, often, pick }: Means): Promise<void> {
  if (often(0.5)) voice.say(`${pick(words)} ${pick(words)}`);
  if (often(0.2)) server.say(pick(words), { final: often(0.5) });
  if (often(0.05)) server.fail('no more');
  if (often(0.05)) server.server.kill();
  if (often(0.1)) server.server.state = pick(['up', 'up', 'refusing', 503, 'hanging']);
  if (often(0.1)) server.server.stalled = often(0.3);
  if (often(0.03)) stage.killWorker(0);
}
