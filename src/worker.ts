// The media worker's main file: a child process that serves the engine to its parent, and goes when its parent goes.
import { flushCompileCache } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type LogLevel, makeLog, realClock, realRandom } from './base/index.ts';
import { realFiles, realNetwork } from './base/net/index.ts';
import type { Welcome } from './media/client.ts';
import { audioFiles, batchFrames, type ChannelEnd, serveEngine, unbatchFrames } from './media/engine/index.ts';
import { makeRecognizers, makeSpeech } from './speech/index.ts';
import { recognizerVendors, vendors } from './vendors/index.ts';

/** What a worker is told when it starts. */
export interface WorkerSettings {
  /** Address to bind RTP ports on. */
  bindHost: string;
  /** Folders from which file:// may be played. */
  audioDirs: string[];
  /** Folder of the recordings. */
  recordingsDir: string;
  /** Folder for rendered speech; memory only when absent. */
  speechCacheDir?: string;
}

const send = batchFrames((frames) => {
  if (process.connected) process.send?.(frames);
});

/** Lines go to the parent, which knows where they are written. */
const log = makeLog((level: LogLevel, message, fields) =>
  send({ kind: 'notice', name: 'log', body: { level, message, fields } }),
);

/** 99th percentile since it was last asked for, ms beyond the sampling interval. */
function loopDelayMeter(): () => number {
  const resolution = 10;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return () => {
    const p99 = histogram.percentile(99) / 1e6;
    histogram.reset();
    return Math.max(0, p99 - resolution);
  };
}

/** RTP through node:dgram is right too, at twice the price. */
const onUnable = (why: string): void =>
  log.warn('this machine carries about half as many calls a core: the C library cannot be called', { why });

function serve({ settings, clockZero }: Welcome<WorkerSettings>): void {
  const clock = realClock(clockZero);
  const network = realNetwork({ clock, pollUdp: { onUnable } });
  const { bindHost, audioDirs, speechCacheDir, recordingsDir } = settings;
  const speech = makeSpeech({ clock, http: network.http, vendors, log, cacheDir: speechCacheDir });
  const recognizers = makeRecognizers({ clock, network, vendors: recognizerVendors, log });
  const end: ChannelEnd = { send, onFrame: () => {} };
  process.on('message', unbatchFrames(end));
  const engine = serveEngine(end, {
    clock,
    network,
    speech,
    recognizers,
    log,
    bindHost,
    heartbeat: true,
    random: realRandom(),
    files: audioFiles(audioDirs),
    recordings: realFiles(recordingsDir),
    loopDelay: loopDelayMeter(),
  });
  // For the worker after this one, which may have to be there soon; a killed process could not write it any more.
  flushCompileCache();
  process.once('disconnect', () => {
    void Promise.allSettled([engine.close(), speech.close(), recognizers.close(), network.close()]).then(() =>
      process.exit(0),
    );
  });
}

// A signal to the process group is the parent's business: it ends the calls, then the channel.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// A bug outside any port: the parent starts another worker, which carries the ports on.
process.on('uncaughtException', (error) => {
  log.error('media worker failed', { error: error.stack });
  setImmediate(() => process.exit(1));
});
process.once('message', (welcome) => serve(welcome as Welcome<WorkerSettings>));
// Started by hand there is no parent to serve.
if (!process.send) process.exit(2);
