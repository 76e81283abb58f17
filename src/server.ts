// Server: the house on the real world. Database, media workers, network, API; started in order, stopped in reverse.
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Api, buildApi } from './api/index.ts';
import {
  type Address,
  addressText,
  type Clock,
  errorText,
  Fault,
  isRefusal,
  type Log,
  type Network,
  type Random,
  refuse,
  Scope,
} from './base/index.ts';
import { realFiles, realNetwork } from './base/net/index.ts';
import { readVoicemailPhrases, type VoicemailPhrases } from './calls/index.ts';
import type { Config } from './config.ts';
import { demoOrigin, withDemo } from './demo/application.ts';
import { createMediaPool, type MediaPool, processWorker } from './media/client.ts';
import { type Metrics, type Observer, observe } from './observers/index.ts';
import { type Seed, seed } from './seed.ts';
import {
  cacheRecords,
  type Embedded,
  postgresRecords,
  type Records,
  startEmbedded,
  type WebhookRecord,
} from './store/index.ts';
import { embeddedVoice } from './vendors/index.ts';
import { parseApplication } from './verbs/index.ts';
import { buildHouse, type House, type HouseSettings } from './wire.ts';
import type { WorkerSettings } from './worker.ts';

export interface ServerPorts {
  config: Config;
  clock: Clock;
  random: Random;
  log: Log;
  /** In place of PostgreSQL: for the demo, which keeps nothing. */
  records?: Records;
}

export interface Server {
  readonly http: Address;
  readonly seed: Seed;
  readonly house: House;
  /** The processes that belong to the server. */
  readonly pids: { workers: (number | undefined)[]; database: readonly number[] };
  /** One more sink of call events. */
  observe(observer: Observer): void;
  /** Hangs live calls up politely, flushes, closes everything. */
  stop(): Promise<void>;
}

/** Rejects with a Fault whose message says what to do; whatever was started by then is stopped. */
export async function startServer(ports: ServerPorts): Promise<Server> {
  const scope = new Scope('server', {
    onError: (error) => ports.log.error('closing failed', { error: String(error) }),
  });
  try {
    return await start(ports, scope);
  } catch (error) {
    await closeInOrder(scope);
    throw error;
  }
}

async function start(ports: ServerPorts, scope: Scope): Promise<Server> {
  const phrases = await readPhrases(ports.config.voicemailPhrases);
  await makeDataDir(ports.config.dataDir);
  const closing: Closing = {};
  scope.defer(() => closeAll(closing));
  const real = realNetwork({ clock: ports.clock });
  closing.network = () => real.close();
  const parts: Parts = { network: withDemo(real), observers: new Set() };
  // The workers and the database start while the API is put together; nothing is served before all three are there.
  const media = openMedia(ports);
  closing.media = () => media.close();
  const [api] = await allOrNone([openApi(ports, parts, closing), openRecords(ports, parts, closing)]);
  const seeded = await seed({
    ...ports,
    records: parts.records!,
    dataDir: ports.config.dataDir,
    demo: { call_hook: demoHook },
  });
  const house = await openHouse(ports, { ...parts, media, seeded, phrases, http: () => http });
  parts.house = house;
  closing.house = () => house.stop();
  parts.metrics = startObserving(house, media, { observers: parts.observers, mainLoopDelayMs: watchLoop(scope) });
  const http = await api.listen({ host: ports.config.bind, port: ports.config.httpPort });
  return {
    http,
    seed: seeded,
    house,
    get pids() {
      return { workers: media.workers.map((w) => w.pid), database: parts.database?.pids ?? [] };
    },
    observe: (observer) => void parts.observers.add(observer),
    stop: () => closeInOrder(scope),
  };
}

async function readPhrases(file: string | undefined): Promise<VoicemailPhrases> {
  if (file === undefined) return {};
  const text = await readFile(file, 'utf8').catch((error: unknown) => refuse('voicemail-phrases', errorText(error)));
  const phrases = isRefusal(text) ? text : readVoicemailPhrases(text);
  if (!isRefusal(phrases)) return phrases;
  throw new Fault('voicemail-phrases', `CROSSPOINT_VOICEMAIL_PHRASES: ${file} cannot be used: ${phrases.reason}`);
}

/** Before anybody else makes a folder below it, whose way would let others in. */
async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const text = `the data folder ${dataDir} cannot be made: ${errorText(cause)}; CROSSPOINT_DATA_DIR names another`;
    throw new Fault('data-folder', text, { cause });
  }
}

const demoHook: WebhookRecord = { url: `${demoOrigin}/`, method: 'POST', username: null, password: null };

/** Waits for all, also when one fails: what the others opened must be known to be closed. */
async function allOrNone<T extends readonly unknown[]>(promises: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(promises);
  return Promise.all(promises) as unknown as Promise<T>;
}

/** How to close what has been opened so far. */
type Closing = Partial<Record<'api' | 'house' | 'media' | 'records' | 'database' | 'network', () => Promise<void>>>;

/** Who still needs whom: a request that waits for a call's effect ends with the call, last hooks need the network. */
const closingOrder: readonly (readonly (keyof Closing)[])[] = [
  ['api', 'house'],
  ['media'],
  ['records'],
  ['database'],
  ['network'],
];

async function closeAll(closing: Closing): Promise<void> {
  for (const together of closingOrder) await Promise.all(together.map((part) => closing[part]?.()));
}

const closeInOrder = (scope: Scope): Promise<void> => scope.close('server stops');

async function openRecords(
  { config, clock, random, log, records }: ServerPorts,
  parts: Parts,
  closing: Closing,
): Promise<void> {
  if (records) {
    parts.records = records;
    return;
  }
  const { dataDir, databaseUrl } = config;
  const embedded = databaseUrl === undefined ? await startEmbedded({ dataDir, log, clock, random }) : undefined;
  if (embedded) closing.database = () => embedded.stop();
  parts.database = embedded;
  const opened = await postgresRecords({ url: embedded?.url ?? databaseUrl ?? '', log });
  closing.records = () => opened.close();
  parts.records = cacheRecords(opened, clock);
}

const recordingsDir = ({ dataDir }: Config): string => `${dataDir}/recordings`;

/** Where sockets bound like this are reached from this machine. */
const localHost = (bind: string): string => (bind === '0.0.0.0' ? '127.0.0.1' : bind === '::' ? '::1' : bind);

function openMedia({ config, clock, random, log }: ServerPorts): MediaPool {
  const settings: WorkerSettings = {
    bindHost: config.bind,
    audioDirs: [`${config.dataDir}/audio`],
    recordingsDir: recordingsDir(config),
    speechCacheDir: `${config.dataDir}/speech`,
  };
  return createMediaPool({
    clock,
    random,
    log: log.with({ room: 'media' }),
    ports: { min: config.rtpPortMin, max: config.rtpPortMax },
    advertise: advertisedHost(config),
    localHost: localHost(config.bind),
    workers: config.mediaWorkers,
    startWorker: processWorker<WorkerSettings>({
      clock,
      entry: new URL('./worker.ts', import.meta.url),
      settings,
      compileCacheDir: `${config.dataDir}/compile-cache`,
    }),
  });
}

/** What comes to be one after another while the server starts. */
interface Parts {
  network: Network;
  observers: Set<Observer>;
  records?: Records;
  database?: Embedded | undefined;
  house?: House;
  metrics?: Metrics;
}

/** The API over parts that are there before it listens. */
async function openApi({ clock, random, log }: ServerPorts, parts: Parts, closing: Closing): Promise<Api> {
  const api = await buildApi({
    clock,
    random,
    log: log.with({ room: 'api' }),
    http: parts.network.http,
    get records() {
      return parts.records!;
    },
    get recordings() {
      return parts.house!.recordings;
    },
    get calls() {
      return parts.house!.calls;
    },
    checkVerbs(verbs) {
      const steps = parseApplication(verbs);
      return isRefusal(steps) ? steps : undefined;
    },
    metrics: () => parts.metrics!.text(),
  });
  closing.api = () => api.close();
  return api;
}

function openHouse(
  { config, clock, random, log }: ServerPorts,
  parts: Parts & { media: MediaPool; seeded: Seed; phrases: VoicemailPhrases; http: () => Address },
): Promise<House> {
  const { network, media, seeded, observers, records, phrases, http } = parts;
  const demoApplicationSid = seeded.keys.demo_application_sid ?? undefined;
  return buildHouse({
    clock,
    random,
    network,
    log,
    records: records!,
    media,
    files: realFiles(recordingsDir(config)),
    settings: houseSettings(config, { demoApplicationSid, phrases, http }),
    onEvent: (call, event) => {
      for (const observer of observers) observer(call, event);
    },
  });
}

/** Reads the delay of this thread's event loop, p99 in ms since it was last read. */
function watchLoop(scope: Scope): () => number {
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  scope.defer(() => void loop.disable());
  return () => {
    const ms = loop.percentile(99) / 1e6;
    loop.reset();
    return ms;
  };
}

function startObserving(
  house: House,
  media: MediaPool,
  { observers, mainLoopDelayMs }: { observers: Set<Observer>; mainLoopDelayMs: () => number },
): Metrics {
  const { onEvent, metrics } = observe({
    directory: house.directory,
    media: () => media.stats(),
    sip: () => house.sip.stats(),
    mainLoopDelayMs,
  });
  observers.add(onEvent);
  return metrics;
}

interface FoundSettings {
  demoApplicationSid: string | undefined;
  http(): Address;
  phrases: VoicemailPhrases;
}

function houseSettings(config: Config, parts: FoundSettings): HouseSettings {
  return {
    bind: config.bind,
    sipPort: config.sipPort,
    advertise: advertisedHost(config),
    dev: config.dev,
    demoApplicationSid: parts.demoApplicationSid,
    gateway: config.phoneGateway,
    serviceUrl: () => `http://${addressText({ host: advertisedHost(config), port: parts.http().port })}`,
    apps: {
      httpTimeoutMs: config.httpTimeoutMs,
      wsHandshakeTimeoutMs: config.wsHandshakeTimeoutMs,
      wsAckTimeoutMs: config.wsAckTimeoutMs,
      wsMaxMessageBytes: config.wsMaxMessageBytes,
      wsPingIntervalMs: config.wsPingIntervalMs,
      userAgent: config.httpUserAgent,
    },
    calls: {
      webhookErrorStatus: config.webhookErrorStatus,
      mediaInactivityMs: config.mediaTimeoutMs,
      mediaHoldInactivityMs: config.mediaHoldTimeoutMs,
      inbandDtmf: config.inbandDtmf,
      holdEvents: config.holdEvents,
      voicemailPhrases: parts.phrases,
      apiBaseUrl: config.apiBaseUrl,
      embeddedVoice,
    },
  };
}

/** Where it is reached: who listens on all addresses is found on loopback from here, elsewhere at the advertised one. */
export function reachable(config: Config, at: Address, from: 'here' | 'elsewhere'): Address {
  if (at.host !== '0.0.0.0' && at.host !== '::') return at;
  const loopback = at.host === '::' ? '::1' : '127.0.0.1';
  return { host: from === 'here' ? loopback : advertisedHost(config), port: at.port };
}

/** What far ends are told to send to; when listening everywhere, the first address of this machine that is not loopback. */
function advertisedHost({ advertise, bind }: Config): string {
  if (advertise !== undefined) return advertise;
  if (bind !== '0.0.0.0' && bind !== '::') return bind;
  const family = bind === '::' ? 'IPv6' : 'IPv4';
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find((a) => a.family === family && !a.internal && !a.address.startsWith('fe80'))?.address ?? bind;
}
