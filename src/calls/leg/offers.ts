// A leg's session after its first offer and answer: re-INVITE and UPDATE both ways, and hold by the far end (RFC 3261 14, RFC 3264 8).
import { errorText, isFault, type Refusal, refuse, type Scope } from '../../base/index.ts';
import { audioDirection, isHold } from '../../sdp/index.ts';
import type { Dialog, ExtraHeaders, IncomingReinvite, MessageBody, SipRequest, SipResponse } from '../../sip/index.ts';
import { callOver, sdpOf } from './audio.ts';

/** Who makes and takes a leg's descriptions: its port, or whoever the media goes to past us. A refusal leaves all as it was. */
export interface Describer {
  /** The latest description of ours. */
  readonly body: MessageBody;
  /** Answers an offer; the answer becomes the body. */
  answer(offer: string): Promise<Refusal | undefined>;
  /** Our offer becomes the body. */
  offer(): Refusal | undefined;
  /** The answer to our latest offer. */
  accept(answer: string | undefined): Promise<Refusal | undefined>;
}

export interface LegOffersOptions {
  audio: Describer;
  scope: Scope;
  onHold(held: boolean, message: SipRequest | SipResponse): void;
  /** An answer of the far end cannot be used; the call goes on as it was. */
  onRefused(refusal: Refusal): void;
}

export class LegOffers {
  /** Takes the far end's offers. */
  #describer: Describer;
  readonly #options: LegOffersOptions;
  #dialog: Dialog | undefined;
  #held = false;
  /** Ours, one after another: the next offer is made when the last one's answer has been applied. */
  #ours: Promise<unknown> = Promise.resolve();
  /** Who waits for the ACK that answers our late offer. */
  #lateAnswer: ((ack: SipRequest) => void) | undefined;

  constructor(options: LegOffersOptions) {
    this.#options = options;
    this.#describer = options.audio;
  }

  /** The far end holds the call: it will not hear us (sip-edge.md RI-6; RFC 3264 8.4 for 0.0.0.0). */
  get held(): boolean {
    return this.#held;
  }

  /** The media goes past us: another describes it, until the returned function is called. */
  take(describer: Describer): () => void {
    this.#describer = describer;
    return () => {
      if (this.#describer === describer) this.#describer = this.#options.audio;
    };
  }

  get past(): boolean {
    return this.#describer !== this.#options.audio;
  }

  /** The dialog stands, with what the far end has said so far: a call that begins on hold has not been put there, unless another took its place. */
  adopt(dialog: Dialog, said: SipRequest | SipResponse): void {
    const first = this.#dialog === undefined;
    this.#dialog = dialog;
    const sdp = sdpOf(said);
    if (!first) this.#noteHold(sdp ?? '', said);
    else this.#held = sdp !== undefined && isHold(sdp);
    dialog.onReinvite = (reinvite) => void this.#reinvited(reinvite);
    dialog.onAck = (ack) => {
      const taken = this.#lateAnswer;
      this.#lateAnswer = undefined;
      taken?.(ack);
    };
  }

  /** The ACK that answers our late offer; undefined when the leg ends without one. */
  nextAck(): Promise<SipRequest | undefined> {
    return new Promise((resolve) => {
      this.#lateAnswer = resolve;
      this.#options.scope.defer(() => resolve(undefined));
    });
  }

  /**
   * re-INVITE. The offer is made when it can be sent: after what the far end offers at the same time, and again after a 491.
   * A refusal (its `sip` is the far end's status, when it gave one) leaves the session as it was.
   */
  reinvite(describer: Describer = this.#options.audio, headers: ExtraHeaders = {}): Promise<Refusal | undefined> {
    const done = this.#ours.then(() => this.#reinvite(describer, headers));
    this.#ours = done;
    return done;
  }

  async #reinvite(describer: Describer, headers: ExtraHeaders): Promise<Refusal | undefined> {
    if (!this.#dialog || this.#options.scope.closed) return callOver();
    let unfit: Refusal | undefined;
    const compose = () => {
      unfit = describer.offer();
      return unfit ? undefined : { body: describer.body, headers };
    };
    let response: SipResponse;
    try {
      response = await this.#dialog.reinvite(compose);
    } catch (error) {
      return (
        unfit ?? refuse('reinvite-failed', errorText(error), { sip: (isFault(error) ? error.sip : undefined) ?? 500 })
      );
    }
    const { status, reason } = response;
    if (status >= 300) return refuse('reinvite-refused', `the far end answered ${status} ${reason}`, { sip: status });
    const sdp = sdpOf(response);
    const refusal = await describer.accept(sdp);
    if (!refusal && sdp !== undefined && offersSound(describer.body)) this.#noteHold(sdp, response);
    return refusal;
  }

  /** The new state is built beside the running one; a refusal leaves the call as it was. */
  async #reinvited(reinvite: IncomingReinvite): Promise<void> {
    const { request } = reinvite;
    const offer = sdpOf(request);
    if (offer === undefined) return this.#askedForOffer(reinvite);
    const describer = this.#describer;
    const refusal = await describer.answer(offer);
    if (this.#options.scope.closed) return;
    if (refusal) return reinvite.reject(refusal.sip ?? 488, undefined, { headers: { 'X-Reason': refusal.reason } });
    reinvite.accept({ body: describer.body });
    this.#noteHold(offer, request);
  }

  /** No SDP: a session refresh by UPDATE, or an INVITE that asks for our offer and answers in its ACK. */
  #askedForOffer(reinvite: IncomingReinvite): void {
    if (reinvite.method === 'UPDATE') return reinvite.accept({});
    const describer = this.#describer;
    const refusal = describer.offer();
    if (refusal) return reinvite.reject(refusal.sip ?? 488);
    this.#lateAnswer = (ack) => void this.#lateAnswered(describer, ack);
    reinvite.accept({ body: describer.body });
  }

  /** Some devices ask for an offer only to learn what we can do, and acknowledge without an answer: nothing changes then. */
  async #lateAnswered(describer: Describer, ack: SipRequest): Promise<void> {
    const sdp = sdpOf(ack);
    if (sdp === undefined) return;
    const refusal = await describer.accept(sdp);
    if (this.#options.scope.closed) return;
    if (refusal) this.#options.onRefused(refusal);
    else this.#noteHold(sdp, ack);
  }

  #noteHold(sdp: string, message: SipRequest | SipResponse): void {
    const held = isHold(sdp);
    if (held === this.#held || this.#options.scope.closed) return;
    this.#held = held;
    this.#options.onHold(held, message);
  }
}

/** Our offer would let us be heard. To one that does not, whoever does not listen has not put us on hold. */
function offersSound({ content }: MessageBody): boolean {
  const direction = typeof content === 'string' ? audioDirection(content) : undefined;
  return direction === 'sendrecv' || direction === 'sendonly';
}
