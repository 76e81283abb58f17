// Source latch: symmetric RTP. Which source is the far end, once and for all, though SDP may name an address behind a NAT.
import { type Address, sameAddress } from '../../base/index.ts';
import { type RtpView, sequenceDistance } from '../../rtp/index.ts';
import { movingMs, relatchAfterMs } from '../limits.ts';

/** Packets in sequence that another source than the one in SDP must send before it is believed. */
const proofPackets = 2;

/**
 * The address of SDP is taken at its first packet, another one after two packets in sequence. From then on only that source is
 * heard, until it has been silent for `relatchAfterMs` or a new offer/answer names another address: then what is still under way from
 * the old one is heard, without being believed, until the new one speaks. One that was only silent, as phones are that suppress
 * silence, gets its place back from whoever took it.
 */
export class SourceLatch {
  #expected: Address | undefined;
  #latched: Address | undefined;
  /** Whose place the latched source took when it was silent. */
  #displaced: Address | undefined;
  #heardAt = 0;
  /** Latched until SDP named another address, and when that was. */
  #left: Address | undefined;
  #leftAt = 0;
  #candidate: Address | undefined;
  #candidateSsrc = 0;
  #candidateSequence = 0;
  #proof = 0;
  /** Packets of other sources. */
  strangers = 0;
  /** How many sources were latched: another one's numbers have nothing to do with the last one's. */
  sources = 0;

  constructor(latched?: Address) {
    this.#latched = latched;
  }

  /** Where to send: the latched source, else what SDP says. */
  get remote(): Address | undefined {
    return this.#latched ?? this.#expected;
  }

  get latched(): Address | undefined {
    return this.#latched;
  }

  /** SDP's address. When it differs from the last one, the latch opens. */
  expect(remote: Address, now: number): void {
    const first = this.#expected === undefined;
    if (this.#expected && sameAddress(this.#expected, remote)) return;
    this.#expected = remote;
    this.#proof = 0;
    this.#displaced = undefined;
    // A restored port knows its source from the worker that died.
    if (first && this.#latched) {
      this.#heardAt = now;
      return;
    }
    this.#left = this.#latched ?? this.#left;
    this.#leftAt = now;
    this.#latched = undefined;
  }

  /** Is this packet of the far end? To be asked for well-formed packets of a payload type that was agreed on. */
  admit(from: Address, view: RtpView, now: number): boolean {
    const latched = this.#latched;
    if (latched && from.port === latched.port && from.host === latched.host) {
      this.#heardAt = now;
      return true;
    }
    const expected = this.#expected;
    if (!expected) return false;
    if (!latched && sameAddress(from, expected)) return this.#latch(from, now);
    if (!latched && this.#left && now - this.#leftAt < movingMs && sameAddress(from, this.#left)) return true;
    const returns = this.#displaced !== undefined && sameAddress(from, this.#displaced);
    const open = !latched || returns || now - this.#heardAt >= relatchAfterMs;
    if (open && this.#proves(from, view)) {
      this.#displaced = returns ? undefined : latched;
      return this.#latch(from, now);
    }
    this.strangers++;
    return false;
  }

  #latch(from: Address, now: number): true {
    this.#latched = { host: from.host, port: from.port };
    this.sources++;
    this.#left = undefined;
    this.#heardAt = now;
    this.#proof = 0;
    return true;
  }

  #proves(from: Address, view: RtpView): boolean {
    const goesOn =
      this.#proof > 0 &&
      this.#candidate !== undefined &&
      sameAddress(this.#candidate, from) &&
      view.ssrc === this.#candidateSsrc &&
      sequenceDistance(view.sequence, this.#candidateSequence) === 1;
    this.#proof = goesOn ? this.#proof + 1 : 1;
    this.#candidate = from;
    this.#candidateSsrc = view.ssrc;
    this.#candidateSequence = view.sequence;
    return this.#proof >= proofPackets;
  }
}
