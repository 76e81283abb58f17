// Server: the house on the real world. Database, media workers, network, API; started in order, stopped in reverse.
import { networkInterfaces } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Api, buildApi } from './api/index.ts';
import {
  type Address,
  addressText,
  type Clock,
  isRefusal,
  type Log,
  type Network,
  type Random,
  Scope,
} from './base/index.ts';
import { realNetwork } from './base/net/index.ts';
import type { Config } from './config.ts';
import { demoOrigin, withDemo } from './demo/application.ts';
import { createMediaPool, type MediaPool, processWorker } from './media/client.ts';
import { type Observer, observe } from './observers/index.ts';
import { type Seed, seed } from './seed.ts';
import { cacheRecords, postgresRecords, type Records, startEmbedded } from './store/index.ts';
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
  const { config, clock, random } = ports;
  const closing: (() => Promise<void>)[] = [];
  scope.defer(() => closeAll(closing));
  const real = realNetwork({ clock });
  closing.push(() => real.close());
  const network = withDemo(real);
  const { records, pids } = await openRecords(ports, closing);
  const seeded = await seed({
    records,
    dataDir: config.dataDir,
    clock,
    random,
    demo: { call_hook: { url: `${demoOrigin}/`, method: 'POST', username: null, password: null } },
  });
  const media = openMedia(ports);
  closing.push(() => media.close());
  const observers = new Set<Observer>();
  const { house, api } = await openHouse(ports, { network, records, media, seeded, observers }, closing);
  const http = await api.listen({ host: config.bind, port: config.httpPort });
  return {
    http,
    seed: seeded,
    house,
    get pids() {
      return { workers: media.workers.map((w) => w.pid), database: pids() };
    },
    observe: (observer) => void observers.add(observer),
    stop: () => closeInOrder(scope),
  };
}

/** Last opened, first closed; each waits for the one before. */
async function closeAll(closing: (() => Promise<void>)[]): Promise<void> {
  for (const close of closing.reverse()) await close();
}

const closeInOrder = (scope: Scope): Promise<void> => scope.close('server stops');

async function openRecords(
  { config, clock, random, log, records }: ServerPorts,
  closing: (() => Promise<void>)[],
): Promise<{ records: Records; pids: () => readonly number[] }> {
  if (records) return { records, pids: () => [] };
  const embedded =
    config.databaseUrl === undefined ? await startEmbedded({ dataDir: config.dataDir, log, clock, random }) : undefined;
  if (embedded) closing.push(() => embedded.stop());
  const opened = await postgresRecords({ url: embedded?.url ?? config.databaseUrl ?? '', log });
  closing.push(() => opened.close());
  return { records: cacheRecords(opened, clock), pids: () => embedded?.pids ?? [] };
}

function openMedia({ config, clock, random, log }: ServerPorts): MediaPool {
  const settings: WorkerSettings = {
    bindHost: config.bind,
    audioDirs: [`${config.dataDir}/audio`],
    speechCacheDir: `${config.dataDir}/speech`,
  };
  return createMediaPool({
    clock,
    random,
    log: log.with({ room: 'media' }),
    ports: { min: config.rtpPortMin, max: config.rtpPortMax },
    advertise: advertisedHost(config),
    workers: config.mediaWorkers,
    startWorker: processWorker<WorkerSettings>({ clock, entry: new URL('./worker.ts', import.meta.url), settings }),
  });
}

interface Parts {
  network: Network;
  records: Records;
  media: MediaPool;
  seeded: Seed;
  observers: Set<Observer>;
}

async function openHouse(
  ports: ServerPorts,
  { network, records, media, seeded, observers }: Parts,
  closing: (() => Promise<void>)[],
): Promise<{ house: House; api: Api }> {
  const { config, clock, random, log } = ports;
  const settings = houseSettings(config, seeded.keys.demo_application_sid ?? undefined);
  const house = await buildHouse({
    clock,
    random,
    network,
    log,
    records,
    media,
    settings,
    onEvent: (call, event) => {
      for (const observer of observers) observer(call, event);
    },
  });
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const { onEvent, metrics } = observe({
    directory: house.directory,
    media: () => media.stats(),
    sip: () => house.sip.stats(),
    mainLoopDelayMs: () => loop.percentile(99) / 1e6,
  });
  observers.add(onEvent);
  const checkVerbs = (verbs: unknown) => {
    const steps = parseApplication(verbs);
    return isRefusal(steps) ? steps : undefined;
  };
  const api = await buildApi({
    clock,
    random,
    log: log.with({ room: 'api' }),
    records,
    calls: house.calls,
    http: network.http,
    checkVerbs,
    metrics: () => metrics.text(),
  });
  // Side by side: a request that waits for a call's effect ends with the call.
  closing.push(async () => void (await Promise.all([api.close(), house.stop()])));
  return { house, api };
}

function houseSettings(config: Config, demoApplicationSid: string | undefined): HouseSettings {
  return {
    bind: config.bind,
    sipPort: config.sipPort,
    advertise: advertisedHost(config),
    dev: config.dev,
    demoApplicationSid,
    gateway: config.phoneGateway,
    serviceUrl: `http://${addressText({ host: advertisedHost(config), port: config.httpPort })}`,
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
      inbandDtmf: false,
      apiBaseUrl: config.apiBaseUrl,
      embeddedVoice,
    },
  };
}

/** What far ends are told to send to; when listening everywhere, the first address of this machine that is not loopback. */
function advertisedHost({ advertise, bind }: Config): string {
  if (advertise !== undefined) return advertise;
  if (bind !== '0.0.0.0' && bind !== '::') return bind;
  const family = bind === '::' ? 'IPv6' : 'IPv4';
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find((a) => a.family === family && !a.internal && !a.address.startsWith('fe80'))?.address ?? bind;
}
