// Link: one direction between two ports. It decides how the direction goes, forwarded or processed, and switches unheard.
import { type RtpView, timestampDistance } from '../../../rtp/index.ts';
import type { LinkState } from '../../channel.ts';
import type { BridgeMode } from '../../joined-types.ts';
import {
  forwardCalmMs,
  forwardIdleMs,
  forwardNoiseIdleMs,
  handBackFrames,
  reseatFrames,
  seatChoiceSlots,
  slotMs,
  unreviewedFrames,
} from '../../limits.ts';
import type { Meaning, PacketTaker } from '../ear.ts';
import type { PassedAs } from '../output.ts';
import type { Port } from '../port.ts';
import { crossfade } from '../stages/fade.ts';
import { EarFeed, type LiveFeed } from './ear-feed.ts';
import { EventRelay } from './event-relay.ts';
import { FadingFeed } from './fading-feed.ts';
import { Follower } from './follower.ts';
import { SideFeed } from './side-feed.ts';
import { Tally } from './tally.ts';

/**
 * What fills a frame time of a port: 'frame': its own frame; 'packets': another stream's; 'wait': they did, up to the next frame time;
 * 'events': nothing is sent, as a telephone event goes out, but time passes.
 */
export type FrameFill = 'frame' | 'packets' | 'wait' | 'events';

/** Part of a frame by which time may be off before it is made good. */
const tallySlack = 0.75;
export interface LinkPorts {
  from: Port;
  to: Port;
  now: () => number;
}

export class Link implements PacketTaker {
  readonly from: Port;
  readonly to: Port;
  readonly #state: LinkState;
  readonly #now: () => number;
  readonly #follower = new Follower();
  /** Of the ear's sources, the one that is followed. */
  #sources = 0;
  readonly #tally = new Tally();
  readonly #events: EventRelay;
  /** Of the packet that is forwarded; reused. */
  readonly #as: PassedAs = { place: { sequence: 0, timestamp: 0 }, payloadType: 0, units: 0, now: 0 };
  readonly #unhand: () => void;
  #mode: BridgeMode = 'silent';
  /** Forwarded, and packets flow: until the first has come, and when they pause, frames are made as ever. */
  #flowing = false;
  /** Frame times since it was last looked at. */
  #unreviewed = 0;
  #passedAt = 0;
  #idleMs = forwardIdleMs;
  /** When something last stood in the way of forwarding. */
  #busyAt = Number.NEGATIVE_INFINITY;
  /** The target's frame times suit the source's. */
  #seated = false;
  #seatedFrames = 0;
  /** Processed, and the first frame is still to be made: when the source's next packet comes, or is overdue. */
  #handingBack = false;
  /** The next frame time is left out, to take back what another switch put in; once for each switch. */
  #leaveOut: 'no' | 'next' | 'done' = 'no';
  #feed: LiveFeed | undefined;
  /** Of the last audio packet: its payload type and bytes; another length counts from its second packet on. */
  #payloadType = -1;
  #bytes = 0;
  #otherBytes = 0;
  /** The source sends comfort noise. */
  #noise = false;
  constructor(state: LinkState, { from, to, now }: LinkPorts) {
    this.#state = { ...state };
    this.from = from;
    this.to = to;
    this.#now = now;
    this.#events = new EventRelay({ from, to });
    this.#unhand = state.side === 'ear' ? from.ear.hand(this) : from.sender.hand(this);
    to.attach(this);
    if (state.exclusive) from.joints.outlet = this;
    else if (state.side === 'ear') from.joints.copies.add(this);
    this.review();
  }

  /** Packets go on, whatever the target plays. */
  get relays(): boolean {
    return this.#state.path === 'relay';
  }

  get mode(): BridgeMode {
    return this.#mode;
  }

  /** The first frame time that shows what has changed by now. */
  effect(): Promise<{ at: number }> {
    return this.to.effect();
  }

  set(state: Pick<LinkState, 'path' | 'paused'>): void {
    Object.assign(this.#state, state);
    this.review();
  }

  /** How the direction should go now. The one place where that is decided. */
  #decide(): BridgeMode {
    const { from, to } = this;
    const { path, paused, side } = this.#state;
    if (paused || !to.sending) return 'silent';
    if (!this.#alike) return 'processed';
    const relays = path === 'relay';
    if (relays && side === 'ear' && from.ear.muted) return 'silent';
    const untouched = (side === 'mouth' || from.ear.plain) && to.mouth.plain;
    // Digits of ours need frame times, whatever the path.
    return (relays || untouched) && !to.sendsDigits ? 'forwarded' : 'processed';
  }

  /** Packets of the one are packets of the other: codec and packet time. */
  get #alike(): boolean {
    const { from, to } = this;
    if (!from.media || !to.media) return false;
    const codec = this.#payloadType < 0 ? from.media.codec : from.codecOf(this.#state.side, this.#payloadType);
    if (codec !== to.media.codec || (this.#noise && to.media.comfortNoisePayloadType === undefined)) return false;
    if (this.#state.path === 'relay') return true;
    return this.#bytes === 0 ? from.media.ptimeMs === to.media.ptimeMs : this.#bytes === to.output.frameBytes;
  }

  /** To be called when something may have changed. */
  review(): void {
    const now = this.#now();
    const wanted = this.#decide();
    if (wanted !== 'forwarded') this.#busyAt = now;
    if (wanted === this.#mode) return;
    if (wanted === 'forwarded' && this.#mode === 'processed' && now - this.#busyAt < forwardCalmMs) return;
    this.#switch(wanted, now);
  }

  /** The one place where a direction changes. To forwarded it only prepares: the next packet takes over (`#takeOver`). */
  #switch(mode: BridgeMode, now: number): void {
    const { to } = this;
    this.#mode = mode;
    if (mode === 'forwarded') return;
    if (this.#flowing) {
      to.output.goOn(this.#recentAudio());
      to.output.catchUp(now);
      this.#handingBack = mode === 'processed';
      this.#flowing = false;
    }
    this.#seated = false;
    if (mode === 'processed') this.#open();
    else this.#shut();
  }

  #recentAudio(): Int16Array[] {
    return this.#state.side === 'ear' ? this.from.ear.recentAudio() : [];
  }

  #open(): void {
    if (this.#feed) return;
    const { from, to } = this;
    const { side, exclusive } = this.#state;
    this.#feed = exclusive ? new EarFeed(from.ear, this.#now) : new SideFeed(side === 'ear' ? from.ear : from.mouth);
    to.mouth.setFeed(this.#feed);
  }

  /** What is heard fades out; nothing more comes. */
  #shut(): void {
    const { to } = this;
    const last = this.#feed?.last ?? this.#recentAudio().at(-1);
    this.#feed?.close();
    this.#feed = undefined;
    this.#handingBack = false;
    to.mouth.setFeed(undefined, last && last.length > 0 ? new FadingFeed(last) : undefined);
  }

  /** A frame time of the target. */
  onFrame(now: number): FrameFill {
    if (this.#flowsOn(now)) return 'packets';
    this.review();
    const fill = this.#fill(now);
    // Who listens to the source keeps its frames at this time, whatever becomes of them.
    const { ear } = this.from;
    if (this.#state.exclusive && ear.listened && (fill === 'packets' || fill === 'wait' || !this.#feed)) ear.pull(now);
    if (fill === 'wait') this.#keepSeat(now);
    return fill;
  }

  /** The target's frame has been made. */
  afterFrame(now: number): void {
    this.#keepSeat(now);
  }

  #keepSeat(now: number): void {
    if (this.#mode === 'processed' && (!this.#seated || ++this.#seatedFrames >= reseatFrames)) this.#seat(now);
  }

  /**
   * Moves the target's frame times to where the source's packets can just be heard, unless they are there. No frame is kept waiting for
   * long; a jitter buffer that must fill for longer conceals meanwhile, and this is tried again.
   */
  #seat(now: number): void {
    const { from, to } = this;
    const ptimeMs = to.media?.ptimeMs ?? 0;
    const at = from.ear.nextAt;
    if (!this.#state.exclusive || at === undefined || ptimeMs !== from.media?.ptimeMs) return;
    const choiceMs = seatChoiceSlots * slotMs;
    const usual = this.#handingBack ? to.output.dueAt : now + ptimeMs;
    // Once there, clocks that differ, or a network that changes, may take it away; a slot more or less is left alone.
    const slackMs = this.#seated ? slotMs : 0;
    const lateMs = usual - at;
    this.#seated = lateMs > -choiceMs;
    this.#seatedFrames = 0;
    if (lateMs < -slackMs || lateMs >= choiceMs + slackMs || this.#handingBack) to.seat(Math.min(at, usual + choiceMs));
  }

  /** Most frame times of a forwarded stream: whatever changes calls `review`, so that only now and then it is looked at all. */
  #flowsOn(now: number): boolean {
    if (!this.#flowing || now - this.#passedAt >= this.#idleMs || this.#unreviewed++ >= unreviewedFrames) {
      this.#unreviewed = 0;
      return false;
    }
    const { ear } = this.from;
    if (this.#state.exclusive && ear.listened) ear.pull(now);
    return true;
  }

  #fill(now: number): FrameFill {
    if (this.#flowing) {
      if (now - this.#passedAt < this.#idleMs) return 'packets';
      this.#flowing = false;
      this.to.output.catchUp(now);
      return 'frame';
    }
    if (this.#handingBack) {
      if (now < this.to.output.dueAt) return 'wait';
      this.#handingBack = false;
    }
    if (this.#leaveOut === 'next') {
      this.#leaveOut = 'done';
      return 'wait';
    }
    return this.#events.holds(now) ? 'events' : 'frame';
  }

  onPacket(datagram: Uint8Array, view: RtpView, meaning: Meaning): void {
    if (this.#state.paused || !this.to.sending) return;
    const now = this.#now();
    if (meaning === 'dtmf') {
      const follower = this.#flowing ? this.#follower : undefined;
      if (this.#events.relay(datagram, view, { now, follower }) && follower) this.#passedAt = now;
      return;
    }
    this.#note(view, meaning);
    if (this.#handingBack && meaning === 'audio') return this.#handBack(view, now);
    if (this.#mode !== 'forwarded') return;
    if (this.#flowing) this.#forward(datagram, view, meaning);
    else if (meaning === 'audio') this.#takeOver(datagram, view, now);
  }

  /** Another codec or packet length of the source changes how the direction may go. */
  #note(view: RtpView, meaning: Meaning): void {
    const bytes = view.payloadEnd - view.payloadStart;
    const noise = meaning === 'noise';
    if (noise) this.#idleMs = forwardNoiseIdleMs;
    else {
      this.#idleMs = forwardIdleMs;
      const known = bytes === this.#bytes;
      const counts = this.#bytes === 0 || bytes === this.#otherBytes;
      this.#otherBytes = bytes;
      if (known && view.payloadType === this.#payloadType && noise === this.#noise) return;
      if (counts) this.#bytes = bytes;
      this.#payloadType = view.payloadType;
    }
    this.#noise = noise;
    this.review();
  }

  #forward(datagram: Uint8Array, view: RtpView, meaning: Meaning): void {
    const { to } = this;
    const now = this.#now();
    const payloadType = meaning === 'audio' ? to.media!.payloadType : to.media!.comfortNoisePayloadType;
    if (payloadType === undefined) return;
    const follower = this.#follower;
    const { sources } = this.from.ear.latch;
    if (sources !== this.#sources || !follower.knows(view, now, true)) {
      this.#sources = sources;
      to.output.catchUp(now);
      follower.anchor(view, now, to.output);
    }
    const place = follower.follow(view, now, true);
    if (!place) return;
    this.#passedAt = now;
    const as = this.#as;
    as.place = place;
    as.payloadType = payloadType;
    as.units = meaning === 'audio' ? to.output.unitsOf(view.payloadEnd - view.payloadStart) : 0;
    as.now = now;
    to.sender.pass(datagram, view, as);
  }

  /** The first frame after forwarding is made of the packet that comes next, as it comes: nothing is missing or twice. */
  #handBack(view: RtpView, now: number): void {
    const { from, to } = this;
    this.#handingBack = false;
    const { ear } = from;
    // Who listened to the source all the while is behind.
    for (let i = 0; i < handBackFrames && this.#lag(view) > 0; i++) ear.pull(Math.max(now, ear.nextAt ?? now));
    const feed = this.#feed!;
    feed.hurried = true;
    to.sendNow(now);
    feed.hurried = false;
    this.#seat(now);
  }

  /** How far what would be heard next is behind this packet, in timestamp units. */
  #lag(view: RtpView): number {
    const position = this.from.ear.position;
    return position === undefined ? 0 : timestampDistance(view.timestamp, position);
  }

  /**
   * The first packet to be forwarded. When it follows what was heard, it goes out as it is; otherwise as one frame that leads from
   * what would have been heard to what it says, which leaves out the delay between them.
   */
  #takeOver(datagram: Uint8Array, view: RtpView, now: number): void {
    const { from, to } = this;
    to.output.catchUp(now);
    if (!this.#inTime(view, now)) return;
    this.#sources = from.ear.latch.sources;
    this.#follower.anchor(view, now, to.output);
    this.#flowing = true;
    this.#handingBack = false;
    this.#leaveOut = 'no';
    const follows = this.#feed?.level === true && from.ear.position === view.timestamp;
    const fresh = follows || this.#state.side === 'mouth' ? undefined : from.ear.decode(datagram, view);
    const delayed = fresh && to.mouth.render();
    if (fresh && fresh.length === to.output.frameSamples) {
      crossfade(fresh, delayed);
      this.#follower.follow(view, now, true);
      this.#passedAt = now;
      to.sendNow(now, fresh);
    } else this.#forward(datagram, view, 'audio');
    this.#feed?.close();
    this.#feed = undefined;
    to.mouth.setFeed(undefined);
  }

  /** A digit of the source has begun, or ended: a tone for a far end that knows no telephone events. */
  onDigit(digit: string | undefined): void {
    const { from, to } = this;
    if (digit === undefined) return to.mouth.holdTone(undefined);
    if (this.#events.possible || from.ear.muted || this.#state.paused || !to.sending) return;
    to.mouth.holdTone(digit);
    this.review();
  }

  /**
   * Each switch may put in, or leave out, part of a frame's time. Whole frames are made good here: one more is sent, or one frame time
   * is left out, and the next packet takes over.
   */
  #inTime(view: RtpView, now: number): boolean {
    const { from, to } = this;
    const ahead = this.#tally.aheadMs(view, to.output.timestamp, from.ear.baseMs);
    const frameMs = to.media?.ptimeMs ?? 0;
    if (!this.#feed || this.#state.path === 'relay' || Math.abs(ahead) < frameMs * tallySlack) return true;
    if (ahead < 0) to.sendNow(now);
    else if (this.#leaveOut === 'no') {
      this.#leaveOut = 'next';
      return false;
    }
    return true;
  }

  /** The target goes on with what is its own. */
  close(): void {
    const now = this.#now();
    this.#unhand();
    if (this.#flowing || this.#feed) this.#switch('silent', now);
    this.#mode = 'silent';
    const { from, to } = this;
    if (this.#state.exclusive) from.ear.release();
    if (to.joints.inlet === this) to.joints.inlet = undefined;
    if (from.joints.outlet === this) from.joints.outlet = undefined;
    from.joints.copies.delete(this);
    // Whoever holds a key down is heard no more.
    if (this.#state.exclusive) to.mouth.holdTone(undefined);
  }
}
