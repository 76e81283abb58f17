// kill -9 of media workers in the middle of calls: their calls get their audio back where it was, other calls notice nothing.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type TestContext, test } from 'node:test';
import { levelDbov, sine, toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { File } from '../kit/hooks.ts';
import { hearsAgain, type Live, openLive, quantile, sidOf, streamOf } from '../kit/live.ts';
import { pause, until } from '../kit/until.ts';
import { wavFile } from '../kit/wav.ts';

const rate = 8_000;
/** A prompt that says where it is: every step has a frequency of its own. */
const stepMs = 400;
const steps = 60;
const hzOfStep = (step: number): number => 300 + 45 * step;
/** Time for the state to be known outside the worker, which reports twice a second. */
const settledMs = 1_500;
/** Promised: audio is back within this time. */
const backMs = 2_000;

/** How long this process itself did not run: its phones cannot note a packet's time before they are given the processor. */
const stalls = monitorEventLoopDelay({ resolution: 5 });
stalls.enable();

function ladder(): Uint8Array {
  const pcm = new Int16Array((steps * stepMs * rate) / 1_000);
  const samples = (stepMs * rate) / 1_000;
  for (let i = 0; i < steps; i++)
    pcm.set(sine({ hz: hzOfStep(i), amplitude: 8_000, samples, sampleRate: rate }), i * samples);
  return wavFile(pcm, rate);
}

/** Where in the ladder the audio between two times is, ms. */
function placeOf(call: PhoneCall, from: number): number {
  const pcm = call.audio.between(from, from + 120);
  const levels = Array.from({ length: steps }, (_, i) => toneLevelDbov(pcm, hzOfStep(i), rate));
  return levels.indexOf(Math.max(...levels)) * stepMs;
}

async function openCalls(): Promise<{ live: Live; calls: PhoneCall[] }> {
  const live = await openLive({
    workers: 2,
    replies: {
      '/': () => [{ verb: 'play', url: `${live.hooks.origin}/ladder.wav` }],
      '/ladder.wav': new File('audio/wav', ladder()),
      '/gather': [{ verb: 'gather', actionHook: '/digits', numDigits: 3, timeout: 0 }],
      '/digits': [{ verb: 'gather', actionHook: '/digits', numDigits: 3, timeout: 0 }],
    },
  });
  const calls: PhoneCall[] = [];
  for (let i = 0; i < 8; i++) calls.push(await live.dial(i % 4 === 3 ? '/gather' : '/'));
  for (const call of calls) {
    call.audio.voice = () => undefined;
    await until(() => call.audio.heard.length > 20, { what: 'audio' });
  }
  return { live, calls };
}

const pidsOf = (live: Live): number[] => live.server.pids.workers.map((pid) => pid ?? 0);
const losses = (live: Live, call: PhoneCall): number =>
  live.eventsOf(sidOf(call), 'media').filter((e) => e.what === 'worker-lost').length;

/** Kills workers and waits until the pool has others in their place. */
async function killWorkers(live: Live, which: readonly number[]): Promise<number> {
  stalls.reset();
  const before = pidsOf(live);
  const at = Date.now();
  for (const index of which) process.kill(before[index]!, 'SIGKILL');
  await until(() => which.every((index) => ![0, before[index]].includes(pidsOf(live)[index])), { what: 'new workers' });
  return at;
}

/** Every call of the dead workers: same stream, going on, within the promised time. */
async function checkBack(t: TestContext, calls: readonly PhoneCall[], killedAt: number): Promise<void> {
  const waits = [];
  for (const call of calls) waits.push(await hearsAgain(call, killedAt + 40));
  t.diagnostic(`audio back after ${waits.map((ms) => Math.round(ms + 40)).join(', ')} ms`);
  await pause(600);
  for (const [i, call] of calls.entries()) {
    const stream = streamOf(call);
    assert.ok(waits[i]! + 40 <= backMs, `audio came back after ${waits[i]} ms`);
    assert.equal(stream.ssrcs.length, 1, 'one SSRC');
    assert.equal(stream.backward, 0, 'sequence and timestamp never go back');
    assert.equal(call.ended, undefined);
  }
}

/** Calls that were on the other worker: nothing is missing. */
function checkUntouched(t: TestContext, calls: readonly PhoneCall[], from: number): void {
  for (const call of calls) {
    const before = streamOf(call, 0, from);
    const stream = streamOf(call, from);
    t.diagnostic(
      `other worker: ${stream.packets} packets, latest ${Math.round(quantile(stream.lateMs, 1))} ms, ${stream.skippedMs} ms skipped`,
    );
    assert.deepEqual([stream.holes, stream.backward], [0, 0], 'no packet is missing');
    assert.deepEqual(stream.ssrcs, before.ssrcs);
    const normal = quantile(before.lateMs, 0.99) + stalls.max / 1e6;
    assert.ok(quantile(stream.lateMs, 0.99) <= normal + 20, `packets came later than the usual ${normal} ms`);
  }
}

test('calls outlive their media workers: one dies, dies again, then both', async (t) => {
  const { live, calls } = await openCalls();
  t.after(() => live.end());
  const ports = () =>
    calls.map((call) => /^m=audio (\d+)/m.exec(Buffer.from(call.finalResponse!.body).toString())?.[1]);
  const portsBefore = ports();
  const reinvites: string[] = [];
  for (const call of calls) {
    const taken = call.dialog!.onReinvite;
    call.dialog!.onReinvite = (reinvite) => {
      reinvites.push(reinvite.method);
      taken(reinvite);
    };
    assert.equal((await live.update(call, { boostAudioSignal: -12 })).status, 202);
    assert.equal((await live.update(call, { mute_status: 'mute' })).status, 202);
  }
  await pause(settledMs);

  const firstAt = await killWorkers(live, [0]);
  await until(() => calls.filter((call) => losses(live, call) === 1).length === 4, {
    what: 'four calls to be restored',
  });
  const dead = calls.filter((call) => losses(live, call) === 1);
  const others = calls.filter((call) => losses(live, call) === 0);
  await checkBack(t, dead, firstAt);
  checkUntouched(t, others, firstAt - 200);
  await checkPlaces(t, live, dead, firstAt);
  await checkStates(live, calls);

  await pause(settledMs);
  const secondAt = await killWorkers(live, [0]);
  await checkBack(t, dead, secondAt);
  checkUntouched(t, others, secondAt - 200);
  await pause(settledMs);
  const thirdAt = await killWorkers(live, [0, 1]);
  await checkBack(t, calls, thirdAt);
  await checkStates(live, calls);
  assert.deepEqual(ports(), portsBefore);
  assert.deepEqual(reinvites, [], 'no port was lost, so nobody is asked to send elsewhere');
  for (const call of calls) await call.hangup();
});

/** Prompts go on where they were when the worker died. */
async function checkPlaces(t: TestContext, live: Live, calls: readonly PhoneCall[], killedAt: number): Promise<void> {
  for (const call of calls) {
    const started = live.eventsOf(sidOf(call), 'play-started')[0];
    if (!started) continue;
    const resumedAt = call.audio.heard.find((p) => p.at > killedAt + 40)!.at;
    const heard = placeOf(call, resumedAt + 200) + stepMs / 2;
    const due = killedAt - Number(started.packet_at) + 260;
    t.diagnostic(`prompt at ${heard} ms, due ${Math.round(due)} ms`);
    assert.ok(Math.abs(heard - due) <= stepMs, `the prompt goes on at ${heard} ms instead of ${due} ms`);
  }
}

/** Gain is as it was set, and digits are heard. */
async function checkStates(live: Live, calls: readonly PhoneCall[]): Promise<void> {
  for (const call of calls) {
    const playing = live.eventsOf(sidOf(call), 'verb-started').some((e) => e.verb === 'play');
    const now = Date.now();
    const level = levelDbov(call.audio.between(now - 300, now));
    if (playing) assert.ok(Math.abs(level - expectedDbov) < 1.5, `level ${level} dBov, ${expectedDbov} expected`);
    else await checkGather(live, call);
  }
}

/** A sine of peak 8000, 12 dB down. */
const expectedDbov = 20 * Math.log10(8_000 / Math.SQRT2 / 32_768) - 12;

async function checkGather(live: Live, call: PhoneCall): Promise<void> {
  const before = live.hooks.sentTo('/digits', sidOf(call)).length;
  call.press('159', 80);
  const { digits } = await live.hooks.wait('/digits', live.hooks.sentTo('/digits').length + 1);
  await until(() => live.hooks.sentTo('/digits', sidOf(call)).length === before + 1, { what: 'the gather to end' });
  assert.equal(digits, '159');
}
