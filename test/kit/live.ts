// The whole server on real sockets in this process, its media in child processes: phones, a webhook application, and measures of what is heard.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRefusal, type Log, realClock, realRandom, silentLog } from '../../src/base/index.ts';
import { realNetwork } from '../../src/base/net/index.ts';
import type { CallEvent } from '../../src/calls/index.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { openPhone, type Phone, type PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Server, startServer } from '../../src/server.ts';
import { memoryRecords, type Records } from '../../src/store/index.ts';
import { type Hooks, openHooks } from './hooks.ts';
import { programEnv } from './program.ts';
import { until } from './until.ts';

export type Json = Record<string, unknown>;

export interface Live {
  readonly server: Server;
  readonly hooks: Hooks;
  readonly phone: Phone;
  /** What happened to a call. */
  eventsOf(callSid: string, type?: string): CallEvent[];
  /** Calls the application whose first hook is this path, or this ws:// address; resolves when answered. */
  dial(path?: string, transport?: 'udp' | 'tcp'): Promise<PhoneCall>;
  /** The same without waiting for an answer. */
  ring(path?: string, transport?: 'udp' | 'tcp'): Promise<PhoneCall>;
  update(call: PhoneCall, body: Json, wait?: boolean): Promise<{ status: number; reason?: string }>;
  /** A request to the REST API as it stands on the wire. */
  api(path: string, init?: RequestInit): Promise<Response>;
  end(): Promise<void>;
}

export interface LiveOptions {
  replies: Hooks['replies'];
  workers?: number;
  env?: Record<string, string>;
  log?: Log;
}

export async function openLive({ replies, workers = 1, env = {}, log = silentLog }: LiveOptions): Promise<Live> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crosspoint-live-'));
  const clock = realClock();
  const random = realRandom();
  const records = memoryRecords();
  const config = configOf(dataDir, { CROSSPOINT_MEDIA_WORKERS: String(workers), ...env });
  const hooks = await openHooks(replies);
  const server = await startServer({ config, clock, random, log, records });
  const network = realNetwork({ clock });
  const phone = await openPhone({ clock, random, network, host: '127.0.0.1', user: 'tester' });
  const events = new Map<string, CallEvent[]>();
  server.observe((call, event) => events.set(call.sid, [...(events.get(call.sid) ?? []), event]));
  const { account_sid, account_api_key } = server.seed.keys;
  const applications = new Map<string, Promise<string>>();
  const applicationAt = (path: string): Promise<string> => {
    const known = applications.get(path) ?? addApplication(records, { hooks, path, accountSid: account_sid });
    applications.set(path, known);
    return known;
  };
  const ring = async (path = '/', transport = 'udp'): Promise<PhoneCall> => {
    const sid = await applicationAt(path);
    const { port } = server.house.sip.udp;
    return phone.call(`sip:app-${sid}@127.0.0.1:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`);
  };
  return {
    server,
    hooks,
    phone,
    eventsOf: (sid, type) => (events.get(sid) ?? []).filter((e) => type === undefined || e.type === type),
    ring,
    async dial(path, transport) {
      const call = await ring(path, transport);
      assert.equal(await call.answered, 200);
      return call;
    },
    async update(call, body, wait = false) {
      const outcome = await server.house.calls.update(account_sid, sidOf(call), body, { wait });
      return isRefusal(outcome) ? { status: outcome.http ?? 422, reason: outcome.reason } : outcome;
    },
    api: (path, init = {}) =>
      fetch(`http://127.0.0.1:${server.http.port}/v1${path}`, {
        ...init,
        headers: { authorization: `Bearer ${account_api_key}`, 'content-type': 'application/json', ...init.headers },
      }),
    async end() {
      await phone.close();
      await server.stop();
      await network.close();
      await hooks.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export const sidOf = (call: PhoneCall): string => call.finalResponse?.header('X-Call-Sid') ?? '';

function configOf(dataDir: string, env: Record<string, string>): Config {
  const config = readConfig(programEnv(dataDir, env), []);
  if (isRefusal(config)) throw new Error(config.reason);
  return config;
}

/** Copied from the demo's record, which has every field. */
async function addApplication(
  records: Records,
  { hooks, path, accountSid }: { hooks: Hooks; path: string; accountSid: string },
): Promise<string> {
  const template = await records.applications.find({ account_sid: accountSid });
  const hook = (where: string) => ({
    url: where.startsWith('ws') ? where : hooks.origin + where,
    method: 'POST',
    username: null,
    password: null,
  });
  const application_sid = crypto.randomUUID();
  await records.applications.insert({
    ...template!,
    application_sid,
    name: `application at ${path}`,
    call_hook: hook(path),
    call_status_hook: hook('/status'),
  });
  return application_sid;
}

/** What a stream of packets was like between two times. */
export interface Stream {
  packets: number;
  ssrcs: number[];
  /** Sequence numbers skipped, all in all. */
  holes: number;
  /** Steps of the sequence or the timestamp that went back, or stood still. */
  backward: number;
  /** Time that the timestamps skipped: what a sender does that was itself not given the processor in time. */
  skippedMs: number;
  /** Longest time from one packet to the next, ms. */
  longestGapMs: number;
  /** How late each packet was against the earliest that its timestamp allows, ms, sorted. */
  lateMs: number[];
}

const samplesPerMs = 8;

export function streamOf(call: PhoneCall, from = 0, to = Number.POSITIVE_INFINITY): Stream {
  const heard = call.audio.heard.filter((p) => p.at >= from && p.at < to);
  const stream: Stream = {
    packets: heard.length,
    ssrcs: [],
    holes: 0,
    backward: 0,
    skippedMs: 0,
    longestGapMs: 0,
    lateMs: [],
  };
  stream.ssrcs = [...new Set(heard.map((p) => p.ssrc))];
  const first = heard[0];
  if (!first) return stream;
  for (const [i, packet] of heard.entries()) {
    const before = heard[i - 1];
    stream.lateMs.push(packet.at - first.at - ((packet.timestamp - first.timestamp) | 0) / samplesPerMs);
    if (!before) continue;
    const sequences = ((packet.sequence - before.sequence) << 16) >> 16;
    const samples = (packet.timestamp - before.timestamp) | 0;
    if (sequences <= 0 || samples <= 0) stream.backward++;
    else stream.holes += sequences - 1;
    stream.skippedMs += (samples - sequences * before.pcm.length) / samplesPerMs;
    stream.longestGapMs = Math.max(stream.longestGapMs, packet.at - before.at);
  }
  const least = stream.lateMs.reduce((a, b) => Math.min(a, b));
  stream.lateMs = stream.lateMs.map((ms) => ms - least).sort((a, b) => a - b);
  return stream;
}

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

/** Waits until a call hears packets again after `since`; gives how long that took, ms. */
export async function hearsAgain(call: PhoneCall, since: number, withinMs = 20_000): Promise<number> {
  const packet = await until(
    () => call.audio.heard.findLast((p) => p.at > since) && call.audio.heard.find((p) => p.at > since),
    {
      what: 'audio to come back',
      withinMs,
    },
  );
  return packet.at - since;
}
