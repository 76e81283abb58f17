// Port: one leg's audio in the engine: two sockets, an ear, a mouth, and the output that goes through it all.
import { type Address, errorText, type Scope } from '../../base/index.ts';
import { isRtcp, StreamStatistics } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import type {
  Ask,
  Checkpoint,
  IsolationState,
  PlayOrder,
  PortState,
  RecordOrder,
  Responder,
  StreamConfig,
} from '../channel.ts';
import type { CopySide } from '../joined-types.ts';
import { lateMs } from '../limits.ts';
import type { DigitEvent, PortStats } from '../types.ts';
import { Control } from './control.ts';
import { DigitsOut, notSending } from './digits-out.ts';
import { Ear } from './ear.ts';
import { Effects } from './effects.ts';
import { Isolations } from './isolations.ts';
import { Joints } from './joined/joints.ts';
import type { Link } from './joined/link.ts';
import { Mouth } from './mouth.ts';
import { Output } from './output.ts';
import { type Paced, type Seat, wholeSlots } from './pacer.ts';
import { portStats } from './port-stats.ts';
import { Recognitions } from './recognize/recognitions.ts';
import { PortRecordings } from './record/recordings.ts';
import { Reports } from './reports.ts';
import { Sender } from './sender.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { PortSockets } from './sockets.ts';
import { Streams } from './stream/streams.ts';
import { Watches } from './watches.ts';
import type { EngineWorld } from './world.ts';

export interface PortParts {
  world: EngineWorld;
  notify: Responder['notify'];
  /** Closes the port and what it opened. */
  scope: Scope;
  sockets: PortSockets;
  state: PortState;
}

export class Port implements Paced {
  readonly id: string;
  readonly ear: Ear;
  readonly mouth: Mouth;
  /** When the frame that is being made is due. */
  deadline = 0;
  /** Hears the far end's digits too: the room that the port is in. */
  onDigit: ((event: DigitEvent) => void) | undefined;
  readonly recognitions: Recognitions;
  readonly recordings: PortRecordings;
  readonly #isolations: Isolations;
  readonly streams: Streams;
  readonly #world: EngineWorld;
  readonly #sockets: PortSockets;
  readonly #control: Control;
  readonly sender: Sender;
  readonly digits: DigitsOut;
  readonly watches: Watches;
  readonly #statistics: StreamStatistics;
  #config: StreamConfig | undefined;
  #media: AgreedMedia | undefined;
  readonly joints = new Joints();
  #seat: Seat | undefined;
  #ptimeMs = 0;
  /** Something is to be sent: the first playback, digit or packet has come, or the answer has gone out. */
  #started = false;
  #away: boolean;
  readonly #effects = new Effects();
  #late = 0;

  constructor({ world, notify, scope, sockets, state }: PortParts) {
    const { clock, random, prompts } = world;
    const port = state.port;
    this.id = port;
    this.#world = world;
    this.#sockets = sockets;
    this.#away = state.away ?? false;
    const output = new Output(state.output);
    this.#statistics = new StreamStatistics({ ssrc: output.ssrc, clockRate: output.clockRate });
    this.sender = new Sender({
      output,
      statistics: this.#statistics,
      counts: world.counts,
      remote: () => this.ear.latch.remote,
      send: (packet, to) => sockets.rtp.send(packet, to.port, to.host),
    });
    this.ear = new Ear({
      clock,
      random,
      statistics: this.#statistics,
      latched: state.latched,
      muted: state.muted,
      inbandDtmf: state.inbandDtmf,
      onDigit: (event) => {
        notify('digit', { port, event });
        if (event.source === 'rfc4733') this.joints.outlet?.onDigit(undefined);
        if (!this.ear.muted) this.onDigit?.(event);
      },
      onDigitStart: (digit) => this.joints.outlet?.onDigit(digit),
      onHeard: () => this.#start(),
    });
    this.mouth = new Mouth({
      clock,
      prompts,
      gainDb: state.gainDb,
      onPlayback: (playback, event) => notify('playback', { port, playback, event }),
      onFinished: (playback, result) => notify('finished', { port, playback, result }),
      onChange: () => this.joints.inlet?.review(),
    });
    const taps = { world, notify, port, ear: this.ear, mouth: this.mouth, ptimeMs: () => this.#ptimeMs };
    this.recognitions = new Recognitions(taps);
    this.recordings = new PortRecordings(taps);
    this.#isolations = new Isolations({ read: this.ear.isolating, write: this.mouth.isolating }, clock);
    this.streams = new Streams({ ...taps, start: () => this.#config && this.#start(), effect: () => this.effect() });
    this.digits = new DigitsOut(clock, (...ask) => this.mouth.sendTones(...ask));
    this.watches = new Watches({
      ear: this.ear,
      onTalking: (talking) => notify('talking', { port, talking }),
      onBeep: (beep) => notify('beep', { port, beep }),
    });
    const { latch } = this.ear;
    const reports = new Reports({ random, ssrc: output.ssrc, statistics: this.#statistics, latch });
    const silence = new SilenceWatch(state, (silentMs) => notify('inactive', { port, silentMs }));
    this.#control = new Control({ clock, sockets, output, reports, silence });
    sockets.rtp.onMessage = (data, from) => this.#guard(() => this.#received(data, from));
    sockets.rtcp.onMessage = (data, from) => this.#guard(() => this.#control.received(data, from));
    // What a closed port recorded is whole before its engine is gone. Runs after #close.
    scope.defer(async () => void (await this.recordings.ended));
    scope.defer(() => this.#close());
    for (const order of state.plays) this.mouth.play(order);
    if (state.config) this.configure(state.config);
    for (const order of state.streams) this.streams.begin(order);
    for (const what of state.watched) this.watches.set(what, true);
    for (const order of state.recognitions) this.recognitions.begin(order);
    for (const order of state.recordings) this.recordings.start(order);
    this.#isolations.set(state.isolation).catch((error: unknown) => {
      world.log.error('noise suppression could not go on', { port, error: errorText(error) });
    });
  }

  /** Applies what offer/answer agreed on, beside what runs: SSRC, sequence, layers and their positions go on. */
  configure(config: StreamConfig): { at: number } {
    const now = this.#world.clock.now();
    const ptimeMs = wholeSlots(config.media.ptimeMs);
    const media = { ...config.media, ptimeMs };
    this.#media = media;
    const resumed = this.#config !== undefined && !sends(this.#config);
    this.#config = config;
    this.sender.setFormat(media);
    if (resumed) this.output.skip(0);
    const { sampleRate } = this.output;
    this.ear.configure(media, { sampleRate, ptimeMs });
    this.digits.configure(media, sends(config));
    this.#control.configure(media, now);
    if (config.start || this.mouth.impatient || this.streams.any) this.#start();
    this.mouth.setFormat(sampleRate, ptimeMs);
    if (this.#ptimeMs !== ptimeMs) {
      this.#seat?.leave();
      this.#seat = this.#world.pacer.join(this, ptimeMs);
      this.#ptimeMs = ptimeMs;
    }
    this.joints.changed();
    return { at: now };
  }

  play(order: PlayOrder): { at: number } {
    if (this.#config) this.#start();
    this.mouth.play(order);
    this.joints.inlet?.review();
    return { at: this.#world.clock.now() };
  }

  stop(playback: number): { at: number } {
    this.mouth.stop(playback);
    return { at: this.#world.clock.now() };
  }

  /** The media goes past us: nothing is sent, and nothing expected. */
  setAway(away: boolean): Promise<{ at: number }> {
    if (this.#away && !away) this.output.skip(0);
    this.#away = away;
    this.joints.changed();
    return this.effect();
  }

  setMuted(muted: boolean): Promise<{ at: number }> {
    this.ear.setMuted(muted);
    this.joints.saysOtherwise();
    return this.joints.outlet?.effect() ?? this.effect();
  }

  setGain(db: number): Promise<{ at: number }> {
    this.mouth.setGain(db);
    return this.effect();
  }

  async setIsolation(state: IsolationState): Promise<{ at: number }> {
    await this.#isolations.set(state);
    this.joints.changed();
    return this.joints.outlet?.effect() ?? this.effect();
  }

  record(order: RecordOrder): Promise<{ at: number }> {
    this.recordings.start(order);
    return this.effect();
  }

  setRecording(change: Ask<'recordState'>): Promise<{ at: number }> {
    this.recordings.setState(change);
    return this.effect();
  }

  stopRecording(recording: number): { at: number } {
    this.recordings.stop(recording);
    return { at: this.#world.clock.now() };
  }

  async sendDigits({ digits, durationMs }: Omit<Ask<'digits'>, 'port'>): Promise<{ at: number }> {
    if (!this.sending) throw notSending();
    this.#start();
    const sending = this.digits.send(digits, durationMs);
    this.joints.changed();
    return sending.begun;
  }

  stats(): PortStats {
    return portStats(this.#statistics.totals(), { packetsLate: this.#late, concealedMs: this.ear.concealedMs });
  }

  checkpoint(now: number): Checkpoint {
    const { latched } = this.ear.latch;
    return { port: this.id, output: this.output.stateAt(now), latched, plays: this.mouth.positions() };
  }

  /** Both pipelines in one line, for the log. */
  describe(): string {
    const media = this.#config?.media;
    const wire = media ? `${media.codec}/${this.#ptimeMs} ${media.direction}` : 'no codec yet';
    return `${this.id} mouth: ${this.mouth.describe()} > ${wire}; ear: ${this.ear.describe()}; streams: ${this.streams.describe() || 'none'}; ${this.recordings.describe()}`;
  }

  onHearing(deadline: number, skippedMs: number): void {
    if (!this.#config) return;
    this.deadline = deadline;
    if (skippedMs > 0) this.recordings.skip(skippedMs);
    this.ear.tick(this.#world.clock.now());
  }

  onFrame(deadline: number, skippedMs: number): void {
    const config = this.#config;
    if (!config) return;
    const now = this.#world.clock.now();
    const fill = this.joints.inlet?.onFrame(now) ?? 'frame';
    if (fill === 'wait') return;
    if (fill === 'packets') {
      // What is played all the same is not heard, but goes on.
      if (this.joints.inlet?.relays && !this.mouth.plain) this.mouth.render();
      return this.#effects.tell(now);
    }
    if (skippedMs > 0) {
      this.output.skip(skippedMs);
      if (this.#started) this.#countLate(Math.round(skippedMs / this.#ptimeMs));
    }
    if (this.#started) this.#frame(fill, now - deadline);
    this.output.advance(deadline + this.#ptimeMs);
    this.joints.inlet?.afterFrame(now);
    this.#effects.tell(now);
  }

  #frame(fill: 'frame' | 'events', lateByMs: number): void {
    if (this.ear.latch.remote && this.sending && fill === 'frame') {
      this.#sendNext();
      if (lateByMs > lateMs) this.#countLate(1);
    } else {
      // On hold time goes on, and what plays with it.
      this.mouth.render();
      if (fill === 'frame') this.output.skip(0);
    }
    this.mouth.noteStarted(this.#world.clock.now());
  }

  /** Now and then: RTCP, and the silence of the far end. */
  housekeep(now: number): void {
    this.#control.housekeep(now, { active: this.#started && !this.#away, heardAt: this.ear.heardAt });
  }

  // --- for links

  get output(): Output {
    return this.sender.output;
  }

  get media(): AgreedMedia | undefined {
    return this.#media;
  }

  get sending(): boolean {
    return !this.#away && this.#config !== undefined && sends(this.#config);
  }

  /** Digits of ours are being sent. */
  get sendsDigits(): boolean {
    return this.digits.busy || this.mouth.sendsTones;
  }

  /** The codec of a packet that is heard ('ear') or sent. */
  codecOf(side: CopySide, payloadType: number): string | undefined {
    return side === 'ear' ? this.ear.codecOf(payloadType) : this.#media?.codec;
  }

  /** Fills the frame times from now on, instead of the one before. */
  attach(link: Link): void {
    this.joints.inlet = link;
    if (this.#config) this.#start();
  }

  /** Frames are due from `at` on: another stream's packets are then there to be heard. */
  seat(at: number): void {
    this.#seat?.leave();
    this.#seat = this.#world.pacer.join(this, this.#ptimeMs, at);
  }

  /** What is heard next, or the telephone event that goes in its place. */
  #sendNext(): void {
    const event = this.digits.next(this.output);
    if (event) this.mouth.pass();
    this.sender.send(event ?? this.output.next(this.mouth.render()));
  }

  /** At once, out of turn: this frame, or what is heard next. The next is due one packet time later. */
  sendNow(now: number, frame?: Int16Array): void {
    if (frame) this.sender.send(this.output.next(frame));
    else this.#sendNext();
    this.output.advance(now + this.#ptimeMs);
    this.mouth.noteStarted(now);
    this.#effects.tell(now);
  }

  #countLate(packets: number): void {
    this.#late += packets;
    this.#world.counts.packetsLate += packets;
  }

  #received(data: Uint8Array, from: Address): void {
    this.#world.counts.packetsReceived++;
    if (this.#control.muxed && isRtcp(data)) this.#control.received(data, from);
    else this.ear.push(data, from);
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#control.begin(this.#world.clock.now());
  }

  /** A bug in handling a datagram ends this port and no other. */
  #guard(handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#world.onBroken(this, error);
    }
  }

  /** Settles with the time of the next frame. */
  effect(): Promise<{ at: number }> {
    if (!this.#seat) return Promise.resolve({ at: this.#world.clock.now() });
    return this.#effects.next();
  }

  #close(): void {
    const now = this.#world.clock.now();
    // A source that never sent says no good-bye (RFC 3550 6.3.7); one whose process dies cannot.
    if (!this.#world.aborted && this.#statistics.totals().packetsSent > 0) this.#control.goodbye(now);
    this.#seat?.leave();
    this.#seat = undefined;
    this.recognitions.endAll();
    this.recordings.close();
    this.#isolations.close();
    this.streams.close();
    this.ear.close();
    this.mouth.close();
    this.digits.close();
    this.#sockets.rtp.close();
    this.#sockets.rtcp.close();
    this.#effects.tell(now);
  }
}

const sends = ({ media }: StreamConfig): boolean => media.direction === 'sendrecv' || media.direction === 'sendonly';
