// Port: one leg's audio in the engine: two sockets, an ear, a mouth, and the output that goes through it all.
import { type Address, Fault, type Scope } from '../../base/index.ts';
import type { Ask, Checkpoint, FinishedPlay, PlayOrder, PortState, Responder, StreamConfig } from '../channel.ts';
import { lateMs, maxPtimeMs, minPtimeMs } from '../limits.ts';
import type { PortStats } from '../types.ts';
import { DigitsOut } from './digits-out.ts';
import { Ear } from './ear.ts';
import { Mouth } from './mouth.ts';
import { Output } from './output.ts';
import type { Paced, Seat } from './pacer.ts';
import type { PortSockets } from './sockets.ts';
import { Track } from './track.ts';
import type { EngineWorld } from './world.ts';

export class Port implements Paced {
  readonly id: string;
  readonly #world: EngineWorld;
  readonly #notify: Responder['notify'];
  readonly #scope: Scope;
  readonly #sockets: PortSockets;
  readonly #output: Output;
  readonly #ear: Ear;
  readonly #digits: DigitsOut;
  readonly #state: PortState;
  #mouth: Mouth | undefined;
  #config: StreamConfig | undefined;
  #seat: Seat | undefined;
  #seatPtimeMs = 0;
  /** Something is to be sent: the first playback, digit or packet has come, or the answer has gone out. */
  #started = false;
  /** Tracks that came before the codec was known. */
  #early: PlayOrder[] = [];
  #effects: ((at: number) => void)[] = [];
  #late = 0;
  #gainDb: number;
  #muted: boolean;
  /** From when silence of the far end counts. */
  #listeningSince = 0;
  #inactiveTold = false;

  constructor(options: {
    world: EngineWorld;
    notify: Responder['notify'];
    scope: Scope;
    sockets: PortSockets;
    state: PortState;
  }) {
    const { world, notify, scope, sockets, state } = options;
    this.id = state.port;
    this.#world = world;
    this.#notify = notify;
    this.#scope = scope;
    this.#sockets = sockets;
    this.#state = state;
    this.#gainDb = state.gainDb;
    this.#muted = state.muted;
    this.#output = new Output(world.random, state.output);
    this.#digits = new DigitsOut((digits, durationMs, done) => this.#mouth?.sendTones(digits, durationMs, done));
    this.#ear = new Ear(
      world.clock,
      {
        onDigit: (event) => notify('digit', { port: this.id, event }),
        onHeard: () => this.#start(),
      },
      state.latched,
    );
    sockets.rtp.onMessage = (data, from) => this.#received(data, from);
    scope.defer(() => this.#close());
    if (state.config) this.configure(state.config);
    for (const order of state.plays) this.play(order);
  }

  /** Applies what offer/answer agreed on, beside what runs: SSRC, sequence, layers and their positions go on. */
  configure(config: StreamConfig): { at: number } {
    const { media } = config;
    const ptimeMs = Math.min(maxPtimeMs, Math.max(minPtimeMs, media.ptimeMs));
    const resumed = sends(config) && this.#config !== undefined && !sends(this.#config);
    this.#config = config;
    this.#output.setFormat({ ...media, ptimeMs });
    if (resumed) this.#output.skip(0);
    this.#ear.configure(media);
    this.#digits.configure({ ...media, ptimeMs });
    this.#fitMouth(ptimeMs);
    if (this.#seatPtimeMs !== ptimeMs) {
      this.#seat?.leave();
      this.#seat = this.#world.pacer.join(this, ptimeMs);
      this.#seatPtimeMs = ptimeMs;
    }
    if (config.start || this.#early.length > 0) this.#start();
    for (const order of this.#early.splice(0)) this.#playNow(order);
    return { at: this.#world.clock.now() };
  }

  play(order: PlayOrder): { at: number } {
    const known = this.#mouth?.tracks().some((track) => track.playback === order.playback);
    if (known || this.#early.some(({ playback }) => playback === order.playback))
      return { at: this.#world.clock.now() };
    if (this.#mouth) this.#playNow(order);
    else this.#early.push(order);
    return { at: this.#world.clock.now() };
  }

  stop(playback: number): { at: number } {
    const early = this.#early.findIndex((order) => order.playback === playback);
    if (early >= 0) {
      this.#early.splice(early, 1);
      this.#notify('finished', {
        port: this.id,
        playback,
        result: { reason: 'stopped', playedMs: 0, lastOffsetSamples: 0 },
      });
    }
    const track = this.#mouth?.tracks().find((one) => one.playback === playback);
    if (track) this.#mouth?.stop(track, 'stopped');
    return { at: this.#world.clock.now() };
  }

  setMuted(muted: boolean): Promise<{ at: number }> {
    this.#muted = muted;
    return this.#effect();
  }

  setGain(db: number): Promise<{ at: number }> {
    this.#gainDb = db;
    this.#mouth?.setGain(db);
    return this.#effect();
  }

  sendDigits({ digits, durationMs }: Ask<'digits'>): Promise<{ at: number }> {
    if (!this.#mouth || !this.#config || !sends(this.#config)) {
      return Promise.reject(
        new Fault('media-not-sending', 'the leg sends no audio now, so no digits either', { retryable: true }),
      );
    }
    this.#start();
    return new Promise((resolve) => {
      this.#digits.send(digits, durationMs, () => resolve({ at: this.#world.clock.now() }));
    });
  }

  stats(): PortStats {
    return {
      packetsSent: this.#output.packets,
      packetsReceived: this.#ear.packets,
      packetsLost: this.#ear.lost,
      packetsLate: this.#late,
      jitterMs: 0,
      roundTripMs: undefined,
      remoteLost: undefined,
      concealedMs: 0,
      bytesSent: this.#output.octets,
      bytesReceived: this.#ear.octets,
    };
  }

  checkpoint(): Checkpoint {
    const plays = (this.#mouth?.tracks() ?? []).map((track) => ({
      playback: track.playback,
      position: track.position(),
    }));
    return { port: this.id, output: this.#output.state, latched: this.#ear.latch.latched, plays };
  }

  describe(): string {
    const mouth = this.#mouth?.describe() || 'silence';
    const media = this.#config?.media;
    return `${this.id}: ${mouth} > ${media ? `${media.codec}/${media.ptimeMs} ${media.direction}` : 'no codec yet'}`;
  }

  onFrame(deadline: number, skippedMs: number): void {
    const config = this.#config;
    if (!config || !this.#mouth) return;
    const now = this.#world.clock.now();
    const late = now - deadline > lateMs;
    if (skippedMs > 0) this.#skipped(skippedMs);
    this.#ear.tick(now);
    const remote = this.#ear.latch.remote;
    if (this.#started && remote && sends(config)) {
      this.#send(
        remote,
        this.#digits.next(this.#output) ?? this.#output.next(this.#mouth.render() ? this.#mouth.frame : undefined),
      );
      if (late) this.#countLate(1);
    } else if (this.#started) {
      // On hold time goes on, and what plays with it.
      this.#mouth.render();
      this.#output.skip(0);
    }
    this.#output.advance();
    this.#mouth.noteStarted();
    for (const effect of this.#effects.splice(0)) effect(now);
  }

  housekeep(now: number): void {
    this.#watchSilence(now);
  }

  #send(remote: Address, packet: Uint8Array): void {
    this.#sockets.rtp.send(packet, remote.port, remote.host);
    this.#world.counts.packetsSent++;
  }

  #countLate(packets: number): void {
    this.#late += packets;
    this.#world.counts.packetsLate += packets;
  }

  #skipped(ms: number): void {
    this.#output.skip(ms);
    if (this.#started) this.#countLate(Math.round(ms / this.#seatPtimeMs));
  }

  #received(data: Uint8Array, from: Address): void {
    this.#world.counts.packetsReceived++;
    this.#ear.push(data, from);
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#listeningSince = this.#world.clock.now();
  }

  #watchSilence(now: number): void {
    const { inactivityMs } = this.#state;
    if (inactivityMs <= 0 || !this.#started || !this.#config || !hears(this.#config)) {
      this.#listeningSince = now;
      return;
    }
    const silentMs = now - Math.max(this.#ear.heardAt, this.#listeningSince);
    if (silentMs < inactivityMs) this.#inactiveTold = false;
    else if (!this.#inactiveTold) {
      this.#inactiveTold = true;
      this.#notify('inactive', { port: this.id, silentMs: Math.round(silentMs) });
    }
  }

  /** A new mouth when rate or frame length changed; the tracks move over. */
  #fitMouth(ptimeMs: number): void {
    const { sampleRate } = this.#output;
    const old = this.#mouth;
    if (old?.sampleRate === sampleRate && old.frame.length === (sampleRate * ptimeMs) / 1000) return;
    const mouth = new Mouth(
      { sampleRate, ptimeMs, gainDb: this.#gainDb },
      {
        onStarted: ({ playback }) =>
          this.#notify('playback', {
            port: this.id,
            playback,
            event: { type: 'started', at: this.#world.clock.now() },
          }),
        onFinished: (track, result) => this.#finished(track, result),
      },
    );
    for (const track of old?.tracks() ?? []) {
      track.setRate(sampleRate);
      mouth.play(track);
    }
    this.#mouth = mouth;
  }

  #playNow(order: PlayOrder): void {
    const mouth = this.#mouth!;
    this.#start();
    const track = new Track(order, mouth.sampleRate, async (item, rate) => {
      const { clip, note } = await this.#world.prompts.get(order.sources[item]!, rate);
      if (note && !order.resume)
        this.#notify('playback', { port: this.id, playback: order.playback, event: { type: 'synthesized', ...note } });
      return clip;
    });
    const { timeoutMs } = order.options;
    if (timeoutMs !== undefined) {
      track.timer = this.#world.clock.after(timeoutMs, () => this.#mouth?.stop(track, 'timeout'));
    }
    mouth.play(track);
  }

  #finished(track: Track, result: FinishedPlay): void {
    track.timer?.cancel();
    this.#notify('finished', { port: this.id, playback: track.playback, result });
  }

  #effect(): Promise<{ at: number }> {
    if (!this.#seat) return Promise.resolve({ at: this.#world.clock.now() });
    return new Promise((resolve) => this.#effects.push((at) => resolve({ at })));
  }

  #close(): void {
    this.#seat?.leave();
    this.#seat = undefined;
    for (const track of this.#mouth?.tracks() ?? []) track.timer?.cancel();
    this.#ear.close();
    this.#digits.close();
    this.#sockets.rtp.close();
    this.#sockets.rtcp.close();
    const now = this.#world.clock.now();
    for (const effect of this.#effects.splice(0)) effect(now);
    void this.#scope;
    void this.#muted;
  }
}

const sends = ({ media }: StreamConfig): boolean => media.direction === 'sendrecv' || media.direction === 'sendonly';
const hears = ({ media }: StreamConfig): boolean => media.direction === 'sendrecv' || media.direction === 'recvonly';
