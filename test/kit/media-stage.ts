// A media stage for tests: a virtual clock, a SimNet, an inline pool and a simulated far end with an answered port.
import assert from 'node:assert/strict';
import { isRefusal, type Log, silentLog } from '../../src/base/index.ts';
import { MemoryFiles, type SeededRandom, SimNet, seededRandom, VirtualClock } from '../../src/base/sim/index.ts';
import {
  createMediaPool,
  inlineWorker,
  type MediaPool,
  type MediaPort,
  type PortOptions,
  type StartWorker,
  type WorkerLink,
} from '../../src/media/client.ts';
import { type AudioFiles, serveEngine } from '../../src/media/engine/index.ts';
import { makeRecognizers, type Speech } from '../../src/speech/index.ts';
import { recognizerVendors } from '../../src/vendors/index.ts';
import { SimPeer } from './sim-rtp-peer.ts';

export interface MediaStage {
  clock: VirtualClock;
  random: SeededRandom;
  net: SimNet;
  pool: MediaPool;
  peer: SimPeer;
  port: MediaPort;
  /** The workers' links, newest of each index last. */
  links: WorkerLink[];
  /** The recordings' folder. */
  recordings: MemoryFiles;
  /** Closes everything and checks that nothing is left. */
  end(): Promise<void>;
}

export interface MediaStageOptions {
  codec?: string;
  port?: Partial<PortOptions>;
  sdp?: Parameters<SimPeer['sdp']>[0];
  speech?: Speech;
  files?: AudioFiles;
  log?: Log;
  workers?: number;
  seed?: string;
}

const noFiles: AudioFiles = { find: () => Promise.reject(new Error('no files here')) };

/** The server at 10.0.0.1 and the far end at 10.0.0.2, after offer and answer. */
export async function mediaStage(options: MediaStageOptions = {}): Promise<MediaStage> {
  const clock = new VirtualClock();
  const random = seededRandom(options.seed ?? 'media');
  const net = new SimNet({ clock, random: random.fork('net') });
  const links: WorkerLink[] = [];
  const log = options.log ?? silentLog;
  const network = net.host('10.0.0.1');
  const recognizers = makeRecognizers({ clock, network, vendors: recognizerVendors, log });
  const recordings = new MemoryFiles();
  const start = inlineWorker(clock, (end) =>
    serveEngine(end, {
      clock,
      random: random.fork('engine'),
      log,
      files: options.files ?? noFiles,
      network,
      recognizers,
      recordings,
      bindHost: '10.0.0.1',
      ...(options.speech ? { speech: options.speech } : {}),
    }),
  );
  const startWorker: StartWorker = (index) => {
    const link = start(index);
    links.push(link);
    return link;
  };
  const pool = createMediaPool({
    clock,
    random,
    log,
    advertise: '10.0.0.1',
    localHost: '10.0.0.1',
    ports: { min: 30_000, max: 30_039 },
    workers: options.workers ?? 1,
    startWorker,
  });
  const peer = await SimPeer.open(net.host('10.0.0.2'), options.codec);
  const port = await clock.settle(pool.open({ callSid: 'c', group: 'c', inactivityMs: 0, ...options.port }));
  const answer = await clock.settle(port.answer(peer.sdp(options.sdp)));
  assert.ok(!isRefusal(answer), JSON.stringify(answer));
  return {
    clock,
    random,
    net,
    pool,
    peer,
    port,
    links,
    recordings,
    async end() {
      await clock.settle(pool.close());
      peer.close();
      // Longer than a WebSocket waits for the other side's good-bye.
      await clock.runFor(4000);
      assert.equal(clock.pendingTimers, 0, 'timers left');
      assert.equal(net.open().udp, 0, 'sockets left');
    },
  };
}
