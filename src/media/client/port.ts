// A media port as the main process sees it: SDP session, what is wanted of the worker, and how to carry on when it dies.
import { type Address, bug, errorText, Fault, isFault, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import type { AgreedMedia, SdpSession } from '../../sdp/index.ts';
import type {
  Answer,
  Ask,
  AskName,
  Checkpoint,
  IsolationState,
  NoticeName,
  Notices,
  OutputState,
  PortState,
  RoomPlace,
} from '../channel.ts';
import type {
  IsolationOptions,
  MediaRecognition,
  MediaRecording,
  MediaStream,
  RecognizeOptions,
  RecordOptions,
  StreamOptions,
} from '../tap-types.ts';
import type {
  AudioSource,
  Beep,
  CodecWish,
  DigitEvent,
  Direction,
  Effect,
  FarAudio,
  FarCodecs,
  MediaPort,
  NegotiatedMedia,
  Playback,
  PlayOptions,
  PortOptions,
  PortStats,
} from '../types.ts';
import type { LinkClient } from './link.ts';
import { PlaybackClients } from './playbacks.ts';
import { PortSession } from './port-session.ts';
import { resumeState } from './resume.ts';
import { TapClients } from './taps.ts';
import { TalkWatchers, Watchers } from './watches.ts';

/** What a port needs of its pool. */
export interface PortHost {
  now(): number;
  ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>>;
  /** The port is gone: its number and its place in the group are free. */
  forget(port: PortClient): void;
  onBug(error: unknown): void;
}

export interface PortClientOptions {
  id: string;
  host: PortHost;
  /** Address to say in SDP. */
  advertise: string;
  rtpPort: number;
  options: PortOptions;
  /** Packet time to offer, when not the usual one. */
  ptimeMs?: number;
  session: SdpSession;
  output: OutputState;
}

/** What joins a port with others. */
export interface Joined {
  /** In a room, for the next worker. */
  readonly place?: RoomPlace;
  /** The port has closed. */
  gone(): void;
}

const noop = (): void => {};

export class PortClient implements MediaPort {
  readonly id: string;
  onDigit: (event: DigitEvent) => void = noop;
  onInactive: (silentMs: number) => void = noop;
  onWorkerLoss: (outcome: 'restored' | 'moved' | 'lost') => void = noop;
  rtpPort: number;
  readonly group: string;
  /** Its place in a room or bridge: one at a time. */
  joined: Joined | undefined;
  /** Those that it is an end of. */
  readonly links = new Set<LinkClient>();
  readonly talk: TalkWatchers;
  readonly beeps: Watchers<Beep>;
  /** When this port's workers died. */
  readonly losses: number[] = [];
  readonly #host: PortHost;
  readonly #advertise: string;
  readonly #options: PortOptions;
  readonly #session: PortSession;
  /** Of offers and answers. */
  #turn: Promise<void> = Promise.resolve();
  /** Its media goes past us. */
  #away = false;
  #media: AgreedMedia | undefined;
  #started = false;
  #muted = false;
  #gainDb = 0;
  #isolation: IsolationState = {};
  readonly #plays: PlaybackClients;
  readonly #taps: TapClients;
  /** Where the output stood, as far as we know; before the first report, where it began. */
  #checkpoint: Pick<Checkpoint, 'output' | 'latched'> & { at: number };
  /** Under way while the worker is being replaced. */
  #restoring: Promise<void> | undefined;
  #closed = false;

  constructor(options: PortClientOptions) {
    this.id = options.id;
    this.rtpPort = options.rtpPort;
    this.group = options.options.group;
    this.#host = options.host;
    this.#advertise = options.advertise;
    this.#options = options.options;
    const { session, ptimeMs } = options;
    this.#session = new PortSession({ session, ptimeMs, local: () => this.local });
    const host = {
      port: this.id,
      now: () => this.#host.now(),
      ask: <N extends AskName>(name: N, body: Ask<N>) => this.ask(name, body),
    };
    this.#plays = new PlaybackClients({
      ...host,
      closed: () => (this.#closed ? closedFault() : undefined),
      restoring: () => this.#restoring !== undefined,
    });
    this.#taps = new TapClients(host);
    this.talk = new TalkWatchers(host);
    this.beeps = new Watchers(host, 'beeps');
    this.#checkpoint = { output: options.output, latched: undefined, at: Number.POSITIVE_INFINITY };
  }

  get callSid(): string {
    return this.#options.callSid;
  }

  get local(): Address {
    return { host: this.#advertise, port: this.rtpPort };
  }

  get negotiated(): NegotiatedMedia | undefined {
    return this.#media;
  }

  get farCodecs(): FarCodecs {
    return this.#session.far;
  }

  answer(offer: string, past?: FarAudio): Promise<{ sdp: string; media: NegotiatedMedia } | Refusal> {
    return this.#inTurn(() => this.#answer(offer, past));
  }

  read(offer: string): NegotiatedMedia | Refusal {
    return this.#session.read(offer);
  }

  offer(options: { direction?: Direction; codecs?: CodecWish } = {}): string {
    const sdp = this.#session.offer(options);
    return isRefusal(sdp) ? bug(sdp.reason) : sdp;
  }

  prefer(wish: CodecWish): void {
    this.#session.prefer(wish);
  }

  passRefusal(past: FarAudio): Refusal | undefined {
    return this.#session.passRefusal(past);
  }

  offerPast(past: FarAudio): string | Refusal {
    return this.#session.offer({ past });
  }

  /** The same answer may come again (183, then 200): it is applied each time. */
  async accept(answer: string): Promise<NegotiatedMedia | Refusal> {
    const past = this.#session.offersPast;
    const media = this.#session.accept(answer);
    if (isRefusal(media) || past) return media;
    return this.#inTurn(async () => (await this.#configure(media, true)) ?? media);
  }

  async setAway(away: boolean): Effect {
    this.#away = away;
    return this.ask('away', { port: this.id, away });
  }

  start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    if (this.#media) void this.#configure(this.#media, true);
  }

  play(sources: AudioSource[], options: PlayOptions): Playback {
    return this.#plays.play(sources, options);
  }

  async setMuted(muted: boolean): Effect {
    this.#muted = muted;
    return this.ask('mute', { port: this.id, muted });
  }

  async setGain(db: number): Effect {
    this.#gainDb = db;
    return this.ask('gain', { port: this.id, db });
  }

  nextFrame = (): Effect => this.ask('nextFrame', { port: this.id });

  sendDigits(digits: string, durationMs: number): Promise<{ at: number }> {
    // A digit sent twice is worse than one that is reported as not sent.
    return this.ask('digits', { port: this.id, digits, durationMs }, 'once');
  }

  digitsSent = (): Effect => this.ask('digitsSent', { port: this.id }, 'once');

  /** Undefined ends it in both directions. */
  async setIsolation(options: IsolationOptions | undefined): Effect {
    this.#isolation = options ? { ...this.#isolation, [options.direction]: options.level } : {};
    return this.ask('isolate', { port: this.id, isolation: this.#isolation });
  }

  stream(options: StreamOptions): MediaStream {
    return this.#taps.streams.open(options);
  }

  record(options: RecordOptions): MediaRecording {
    return this.#taps.recordings.start(options);
  }

  recognize(options: RecognizeOptions): MediaRecognition {
    return this.#taps.recognitions.open(options);
  }

  stats(): Promise<PortStats> {
    return this.ask('stats', { port: this.id });
  }

  async close(): Promise<PortStats | undefined> {
    if (this.#closed) return undefined;
    this.#closed = true;
    this.#taps.recognitions.closing();
    this.#unjoin();
    const stats = this.#restoring ? undefined : await this.#host.ask('close', { port: this.id }).catch(() => undefined);
    // The last words may still be recognized.
    if (stats) this.#taps.recognitions.closed(() => this.#gone());
    else this.#gone();
    return stats;
  }

  // --- what the pool does with it

  get closed(): boolean {
    return this.#closed;
  }

  notice<N extends Exclude<NoticeName, 'log' | 'beat' | 'broken'>>(name: N, body: Notices[N]): void {
    if (this.#taps.notice(name, body)) return;
    if (this.#closed && name !== 'finished') return;
    if (name === 'talking') this.talk.tell((body as Notices['talking']).talking);
    else if (name === 'beep') this.beeps.tell((body as Notices['beep']).beep);
    else if (name === 'digit') this.onDigit((body as Notices['digit']).event);
    else if (name === 'inactive') this.onInactive((body as Notices['inactive']).silentMs);
    else if (name === 'playback') this.#plays.heard(body as Notices['playback']);
    else this.#plays.finished(body as Notices['finished']);
  }

  checked(checkpoint: Checkpoint, at: number): void {
    const { output, latched, plays } = checkpoint;
    this.#checkpoint = { output, latched, at };
    this.#plays.checked(plays, at);
  }

  /** What a new worker must be told. */
  state(diedAt = this.#host.now()): PortState {
    const { callSid, inbandDtmf, inactivityMs, holdInactivityMs = 0 } = this.#options;
    const bare: PortState = {
      port: this.id,
      callSid,
      rtpPort: this.rtpPort,
      inbandDtmf: inbandDtmf ?? false,
      inactivityMs,
      holdInactivityMs,
      muted: this.#muted,
      away: this.#away,
      gainDb: this.#gainDb,
      isolation: this.#isolation,
      output: this.#checkpoint.output,
      plays: this.#plays.orders(diedAt),
      ...this.#taps.orders,
      watched: [this.talk, this.beeps].filter(({ wanted }) => wanted).map(({ what }) => what),
      ...(this.joined?.place ? { place: this.joined.place } : {}),
      links: [...this.links].map(({ state }) => state),
    };
    if (!this.#media) return bare;
    const config = { media: this.#media, start: this.#started };
    return { ...bare, config, ...resumeState(this.#checkpoint, this.#media, this.#host.now()) };
  }

  /** The worker died. Until `restored` settles, asks wait. */
  lost(restored: Promise<'restored' | 'moved' | 'lost'>): void {
    if (this.#closed) return this.#gone();
    this.losses.push(this.#host.now());
    this.#plays.workerLost();
    this.#taps.workerLost();
    this.talk.tell(false);
    const restoring = restored.then((outcome) => {
      // That worker died too: the next restoration counts.
      if (this.#restoring !== restoring) return;
      this.#restoring = undefined;
      if (this.#closed) return;
      if (outcome === 'lost') this.#gone();
      this.onWorkerLoss(outcome);
    });
    this.#restoring = restoring;
    restoring.catch((error: unknown) => this.#host.onBug(error));
  }

  /** The engine gave the port up. */
  broken(): void {
    if (this.#closed) return this.#gone();
    this.#gone();
    this.onWorkerLoss('lost');
  }

  // --- inside

  /** One offer or answer at a time takes effect, and none while the worker is being replaced: what is said of our port must be true. */
  #inTurn<T>(exchange: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      while (this.#restoring) await this.#restoring;
      return exchange();
    });
    this.#turn = turn.then(noop, noop);
    return turn;
  }

  async #answer(offer: string, past?: FarAudio): Promise<{ sdp: string; media: NegotiatedMedia } | Refusal> {
    for (;;) {
      const said = this.rtpPort;
      const answered = this.#session.answer(offer, past);
      if (isRefusal(answered)) return answered;
      const failure = past ? undefined : await this.#configure(answered.media, this.#started);
      if (failure) return failure;
      // The worker died meanwhile, and the next one has another port.
      if (this.rtpPort !== said) continue;
      this.#session.given(answered);
      return { sdp: answered.sdp, media: answered.media };
    }
  }

  async #configure(media: AgreedMedia, start: boolean): Promise<Refusal | undefined> {
    // Sending may begin from here on, before anything is reported.
    this.#checkpoint.at = Math.min(this.#checkpoint.at, this.#host.now());
    try {
      await this.ask('configure', { port: this.id, config: { media, start } });
    } catch (error) {
      return refuse('media-unavailable', errorText(error), { sip: (isFault(error) ? error.sip : undefined) ?? 480 });
    }
    this.#media = media;
    this.#started ||= start;
    return undefined;
  }

  /** Asks the worker, and its successor when it dies meanwhile, unless told that this must not be asked twice. */
  async ask<N extends AskName>(name: N, body: Ask<N>, often: 'once' | 'again' = 'again'): Promise<Answer<N>> {
    for (;;) {
      if (this.#restoring) await this.#restoring;
      if (this.#closed) throw closedFault();
      try {
        return await this.#host.ask(name, body);
      } catch (error) {
        const lost = isFault(error) && error.code === 'media-worker-lost' && this.#restoring !== undefined;
        if (!lost || often === 'once') throw error;
      }
    }
  }

  #unjoin(): void {
    for (const link of [...this.links]) link.gone();
    this.joined?.gone();
  }

  #gone(): void {
    this.#closed = true;
    this.#unjoin();
    this.#host.forget(this);
    this.#plays.abandon();
    this.#taps.abandon();
  }
}

const closedFault = (): Fault => new Fault('media-port-closed', 'the media port is closed');
