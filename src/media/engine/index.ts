// The engine: carries the audio of a worker's ports. The media room's second door; worker.ts and inline pools come through it.
import {
  atMost,
  type Clock,
  errorText,
  every,
  Fault,
  type Files,
  type Log,
  type Network,
  type Random,
  Scope,
  type Timer,
} from '../../base/index.ts';
import type { Recognizers, Speech } from '../../speech/index.ts';
import { type Answer, type Ask, type ChannelEnd, type Checkpoint, type PortState, Responder } from '../channel.ts';
import { beatMs, recordCloseMs } from '../limits.ts';
import type { Served } from '../link.ts';
import type { AudioFiles } from './audio-files.ts';
import { Links } from './joined/links.ts';
import { Pacer } from './pacer.ts';
import { Port } from './port.ts';
import { Prompts } from './prompts.ts';
import { Rooms } from './room/rooms.ts';
import { bindPair, type PortSockets } from './sockets.ts';
import type { EngineWorld } from './world.ts';

export type { ChannelEnd, Frame } from '../channel.ts';
export { batchFrames, unbatchFrames } from '../frame-batch.ts';
export { type AudioFiles, audioFiles, type FoundFile } from './audio-files.ts';

export interface EngineOptions {
  clock: Clock;
  random: Random;
  network: Network;
  log: Log;
  files: AudioFiles;
  /** What `say` speaks with; without it `say` fails. */
  speech?: Speech;
  /** What recognition hears with; without it recognition fails. */
  recognizers?: Recognizers;
  /** Folder of the recordings; without it recording fails. */
  recordings?: Files;
  /** Address to bind RTP ports on. */
  bindHost: string;
  promptCacheBytes?: number;
  /** Report also while no port is open, so that the parent knows we live. */
  heartbeat?: boolean;
  /** 99th percentile of the loop's delay since the last call, ms. */
  loopDelay?: () => number;
}

/** Serves one channel until closed. */
export function serveEngine(end: ChannelEnd, options: EngineOptions): Served {
  const engine = new Engine(end, options);
  return { close: () => engine.close(), abort: () => engine.abort() };
}

class Engine {
  readonly #options: EngineOptions;
  readonly #world: EngineWorld;
  readonly #responder: Responder;
  readonly #scope: Scope;
  readonly #ports = new Map<string, { port: Port; scope: Scope }>();
  readonly #rooms: Rooms;
  readonly #links: Links;
  #beating: Timer | undefined;

  constructor(end: ChannelEnd, options: EngineOptions) {
    this.#options = options;
    const { clock, network, files, speech, log } = options;
    this.#scope = new Scope('media engine', {
      onError: (error) => log.error('closing failed', { error: errorText(error) }),
    });
    this.#world = {
      clock,
      network,
      log,
      random: options.random,
      pacer: new Pacer(clock, (paced, error) => this.#broken(paced as Port, error)),
      recognizers: options.recognizers,
      recordings: options.recordings,
      scope: this.#scope,
      prompts: new Prompts({ clock, network, files, speech, log }, options.promptCacheBytes),
      counts: { packetsSent: 0, packetsReceived: 0, packetsLate: 0 },
      aborted: false,
      onBroken: (port, error) => this.#broken(port, error),
    };
    this.#links = new Links(clock, (port) => this.#ports.get(port)?.port);
    this.#rooms = new Rooms(this.#world, (name, body) => {
      if (!this.#world.aborted) this.#responder.notify(name, body);
    });
    this.#responder = new Responder(end, {
      open: (state) => this.#open(state),
      configure: ({ port, config }) => this.#port(port).configure(config),
      play: ({ port, order }) => this.#port(port).play(order),
      stop: ({ port, playback }) => this.#port(port).stop(playback),
      away: ({ port, away }) => this.#port(port).setAway(away),
      mute: ({ port, muted }) => this.#port(port).setMuted(muted),
      gain: ({ port, db }) => this.#port(port).setGain(db),
      nextFrame: ({ port }) => this.#port(port).effect(),
      isolate: ({ port, isolation }) => this.#port(port).setIsolation(isolation),
      digits: (ask) => this.#port(ask.port).sendDigits(ask),
      digitsSent: ({ port }) => this.#port(port).digits.sent(),
      link: (state) => this.#links.want(state),
      unlink: (ask) => this.#links.drop(ask),
      linkModes: ({ links }) => ({ modes: links.map((link) => this.#links.mode(link)) }),
      stream: ({ port, order }) => this.#port(port).streams.begin(order),
      streamState: (ask) => (this.#rooms.streams(ask.port) ?? this.#port(ask.port).streams).setState(ask),
      streamTell: ({ port, stream, message }) =>
        (this.#rooms.streams(port) ?? this.#port(port).streams).tell(stream, message),
      endStream: ({ port, stream }) => (this.#rooms.streams(port) ?? this.#port(port).streams).stop(stream),
      recognize: ({ port, order }) => this.#port(port).recognitions.begin(order),
      endRecognition: ({ port, recognition }) => this.#port(port).recognitions.end(recognition),
      record: ({ port, order }) => this.#port(port).record(order),
      recordState: (ask) => (this.#rooms.recordings(ask.port) ?? this.#port(ask.port)).setRecording(ask),
      stopRecording: ({ port, recording }) =>
        (this.#rooms.recordings(port) ?? this.#port(port)).stopRecording(recording),
      watch: ({ port, what, on }) => {
        this.#port(port).watches.set(what, on);
        return { at: clock.now() };
      },
      roomJoin: ({ port, ...place }) => this.#rooms.join(place, this.#port(port)),
      roomSet: (ask) => this.#rooms.set(ask),
      roomLeave: (ask) => this.#rooms.leave(ask),
      roomPlay: (ask) => this.#rooms.play(ask),
      roomStop: (ask) => this.#rooms.stop(ask),
      roomStream: (ask) => this.#rooms.stream(ask),
      roomRecord: (ask) => this.#rooms.record(ask),
      roomClose: (ask) => this.#rooms.close(ask),
      stats: ({ port }) => this.#port(port).stats(),
      close: (ask) => this.#closePort(ask),
    });
    this.#scope.defer(() => this.#world.pacer.close());
    this.#scope.defer(() => this.#rooms.closeAll());
    this.#scope.defer(() => this.#beating?.cancel());
    if (options.heartbeat) this.#beating = every(clock, beatMs, () => this.#beat());
  }

  close(): Promise<void> {
    return this.#scope.close('engine closed');
  }

  abort(): void {
    this.#world.aborted = true;
    void this.#scope.close('engine aborted');
  }

  #port(id: string): Port {
    const entry = this.#ports.get(id);
    if (!entry) throw new Fault('media-port-closed', 'the media port is closed');
    return entry.port;
  }

  async #open(state: PortState): Promise<{ rtpPort: number }> {
    const sockets = await bindPair(this.#world.network, this.#options.bindHost, state.rtpPort);
    try {
      if (this.#scope.closed)
        throw new Fault('media-unavailable', 'the media engine is closing', { retryable: true, sip: 480 });
      this.#add(state, sockets);
    } catch (error) {
      sockets.rtp.close();
      sockets.rtcp.close();
      throw error;
    }
    return { rtpPort: sockets.rtp.local.port };
  }

  #add(state: PortState, sockets: PortSockets): void {
    const scope = this.#scope.child(`port ${state.port}`);
    const notify: Responder['notify'] = (name, body) => {
      if (!this.#world.aborted) this.#responder.notify(name, body);
    };
    const port = new Port({ world: this.#world, notify, scope, sockets, state });
    this.#ports.set(state.port, { port, scope });
    this.#links.opened(state.links ?? []);
    if (state.place) this.#rooms.join(state.place, port);
    this.#beating ??= every(this.#world.clock, beatMs, () => this.#beat());
    scope.defer(() => this.#left(state.port));
  }

  #closePort({ port: id }: Ask<'close'>): Answer<'close'> | Promise<Answer<'close'>> {
    const port = this.#port(id);
    const stats = port.stats();
    void this.#ports.get(id)?.scope.close('port closed');
    const { ended } = port.recordings;
    // Recordings are whole before the port is gone, unless the disk hangs.
    return ended ? atMost(this.#world.clock, recordCloseMs, ended).then(() => stats) : stats;
  }

  #left(port: string): void {
    this.#links.closed(port);
    this.#ports.delete(port);
    this.#rooms.left(port);
    if (this.#ports.size > 0 || this.#options.heartbeat) return;
    this.#beating?.cancel();
    this.#beating = undefined;
  }

  /** A bug in one port ends that port. */
  #broken(port: { readonly id: string }, error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const pipelines = this.#ports.get(port.id)?.port.describe();
    this.#world.log.error('media port failed', { port: port.id, pipelines, error: reason });
    this.#responder.notify('broken', { port: port.id, reason: errorText(error) });
    void this.#ports.get(port.id)?.scope.close('port failed');
  }

  #beat(): void {
    const at = this.#world.clock.now();
    const checkpoints: Checkpoint[] = [];
    for (const { port } of [...this.#ports.values()]) {
      try {
        port.housekeep(at);
        checkpoints.push(port.checkpoint(at));
      } catch (error) {
        this.#broken(port, error);
      }
    }
    const loopDelayP99Ms = this.#options.loopDelay?.() ?? 0;
    const counts = { ...this.#world.counts, loopDelayP99Ms };
    this.#responder.notify('beat', { at, counts, checkpoints, rooms: this.#rooms.checkpoints() });
  }
}
