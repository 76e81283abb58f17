// Watched bridges: calls that go on while something bad happens to the server; they must hear each other without a hole meanwhile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Parties, song } from './parties.ts';
import { hears, longestGap, longestHole } from './ua/judge.ts';
import type { UaCall } from './ua/ua.ts';
import { pause } from './until.ts';

const { carol: carolHz, dave: daveHz } = song;
/** What the others may notice of anything, ms. */
const holeMs = 40;
/** Packets come late when this process, or the program's, is not given the processor: more than it shows of itself. */
const machineMs = 150;

/** Resident memory in MB of the program's main process and of its media workers together. */
export interface Weight {
  main: number;
  workers: number;
}

function residentMb(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Math.round(Number(kilobytes ?? 0) / 1024);
}

export class Watched {
  readonly #parties: Parties;
  /** Who hears which tone. */
  readonly #hearers: [UaCall, number][] = [];
  readonly #stalls = monitorEventLoopDelay({ resolution: 5 });

  /** Two bridges of Carol and Dave: one is forwarded, one is processed. */
  static async open(parties: Parties): Promise<Watched> {
    const watched = new Watched(parties);
    const dave = await parties.phone('dave');
    for (const processed of [false, true]) {
      const before = dave.calls.length;
      const verb = { verb: 'dial', target: [{ type: 'sip', sipUri: dave.contact }] };
      const carol = await parties.call('carol', { '/': [verb] });
      await hears(carol, daveHz);
      const callee = dave.calls[before]!;
      await hears(callee, carolHz);
      if (processed) await parties.update(callee.callSid, { boostAudioSignal: 1 });
      watched.#hearers.push([carol, daveHz], [callee, carolHz]);
    }
    await pause(300);
    return watched;
  }

  private constructor(parties: Parties) {
    this.#parties = parties;
    this.#stalls.enable();
  }

  weight(): Weight {
    const { program } = this.#parties;
    const workers = program.processes().filter(({ command }) => command.includes('src/worker.ts'));
    return { main: residentMb(program.pid), workers: workers.reduce((sum, { pid }) => sum + residentMb(pid), 0) };
  }

  /** Runs what is bad, then judges what was heard meanwhile; a line of figures. */
  async during(bad: () => Promise<void>): Promise<string> {
    this.#stalls.reset();
    const before = this.weight();
    const from = this.#hearers.map(([call]) => call.rtp.received.length);
    const began = performance.now();
    await bad();
    await pause(200);
    const lastedMs = performance.now() - began;
    const after = this.weight();
    const loops = await this.#loops();
    const stallMs = this.#stalls.max / 1e6;
    const found = this.#hearers.map(([call, hz], i) => {
      const packets = call.rtp.received.slice(from[i]);
      return {
        over: call.over,
        // A sender that was held up leaves time out; it never leaves a packet out.
        missing: packets.slice(1).filter(({ seq, ssrc }, n) => {
          const before = packets[n]!;
          return ((seq - before.seq) & 0xffff) !== 1 || ssrc !== before.ssrc;
        }).length,
        gapMs: longestGap(call, from[i]!),
        holeMs: longestHole(call, hz, from[i]!),
        skippedMs: Math.max(
          0,
          ...packets.slice(1).map(({ timestamp, bytes }, n) => {
            const jump = ((timestamp - packets[n]!.timestamp) | 0) - bytes.length;
            return jump / 8;
          }),
        ),
      };
    });
    const worst = (kind: 'gapMs' | 'holeMs' | 'skippedMs'): number => Math.max(...found.map((one) => one[kind]));
    const figures = `${(lastedMs / 1_000).toFixed(1)} s; others: gap ${worst('gapMs').toFixed(0)} ms, hole ${worst('holeMs')} ms, skipped ${worst('skippedMs')} ms (own stall ${stallMs.toFixed(0)}); MB main ${before.main} -> ${after.main}, workers ${before.workers} -> ${after.workers}; loop ms ${loops}`;
    assert.deepEqual(
      found.map(({ over, missing }) => [over, missing]),
      found.map(() => [false, 0]),
      figures,
    );
    const most = holeMs + stallMs + machineMs;
    for (const kind of ['gapMs', 'skippedMs', 'holeMs'] as const) assert.ok(worst(kind) <= most, `${kind}: ${figures}`);
    return figures;
  }

  /** Of the main process and the busiest worker, as the program says it. */
  async #loops(): Promise<string> {
    const text = await (await fetch(`${this.#parties.program.ready.http}/metrics`)).text();
    const of = (name: string): string =>
      (1_000 * Number(new RegExp(`^crosspoint_${name}_loop_delay_seconds (\\S+)$`, 'm').exec(text)?.[1])).toFixed(0);
    return `main ${of('main')}, media ${of('media')}`;
  }
}
