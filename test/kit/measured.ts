// Measured calls: a few calls that play while something bad happens to the server; afterwards nothing may be missing from what they heard.
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gaps, toneLevelDbov, worstClick } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Live, quantile, sidOf, streamOf } from './live.ts';
import { pause, until } from './until.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What the heap holds when all that can go is gone, in MB. */
export function heapMb(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const rate = 8_000;
const hz = 440;
const parallelCalls = 5;
/** Time that may be skipped, and the part of all time: what a machine busy with other tests costs. A sender that is itself held up skips far more. */
const mostSkippedMs = 400;
const mostSkipped = 0.25;
/** What measured calls' application answers. */
export const measuredVerbs = [{ verb: 'play', url: `tone_stream://%(60000,0,${hz})` }];

export interface Measured {
  readonly calls: readonly PhoneCall[];
  /** Runs what is bad, then checks what the calls heard meanwhile; a line of figures. */
  during(bad: () => Promise<void>): Promise<string>;
  /** Hangs up; a line that says how many packets left late by the engine's own count, which the machine's load decides. */
  end(): Promise<string>;
}

/** Calls of `/measured`, which must answer `measuredVerbs`. */
export async function measureCalls(live: Live): Promise<Measured> {
  const calls: PhoneCall[] = [];
  for (let i = 0; i < parallelCalls; i++) calls.push(await live.dial('/measured'));
  for (const call of calls) await until(() => call.audio.heard.length > 50, { what: 'a second of audio' });
  return {
    calls,
    async during(bad) {
      const from = Date.now();
      await bad();
      await pause(300);
      const figures = calls.map((call) => check(call, from));
      for (const call of calls) call.audio.heard.splice(0);
      return `${Date.now() - from} ms, ${figures[0]}`;
    },
    async end() {
      for (const call of calls) await call.hangup();
      const parts: string[] = [];
      for (const call of calls) {
        const facts = await until(() => live.eventsOf(sidOf(call), 'media').find((e) => e.what === 'closed'), {
          what: 'the figures of a call',
        });
        parts.push(`${facts.packets_late} of ${facts.packets_sent}`);
      }
      return `left late: ${parts.join(', ')}`;
    },
  };
}

function check(call: PhoneCall, from: number): string {
  const stream = streamOf(call, from);
  assert.equal(call.ended, undefined, 'the call was ended');
  const { ssrcs, holes, backward, skippedMs } = stream;
  assert.deepEqual({ ssrcs: ssrcs.length, holes, backward }, { ssrcs: 1, holes: 0, backward: 0 });
  const lastedMs = (call.audio.heard.at(-1)?.at ?? from) - from;
  assert.ok(skippedMs <= mostSkippedMs + mostSkipped * lastedMs, `${skippedMs} ms were skipped`);
  // As the packets follow one another: where time was skipped, the audio was not.
  const pcm = Int16Array.from(call.audio.heard.filter((p) => p.at >= from).flatMap((p) => [...p.pcm]));
  assert.ok(toneLevelDbov(pcm.subarray(0, rate), hz, rate) > -20, 'the tone has its level');
  assert.deepEqual(gaps(pcm, rate, 10), [], 'no gap');
  assert.ok(worstClick(pcm.subarray(0, 3 * rate), rate).ratio < 5, 'no click');
  const late = Math.round(quantile(stream.lateMs, 0.99));
  return `${stream.packets} packets a call, none missing, 99 % within ${late} ms, ${skippedMs} ms skipped`;
}
