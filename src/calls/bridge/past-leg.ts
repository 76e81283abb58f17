// PastLeg: a leg of a bridge whose media goes to the other far end and not to us. What it is told is the other's audio (RFC 3725).
import { isRefusal, type Refusal, refuse } from '../../base/index.ts';
import type { Direction, FarAudio, NegotiatedMedia } from '../../media/client.ts';
import type { MessageBody } from '../../sip/index.ts';
import { callOver } from '../leg/audio.ts';
import type { Leg } from '../leg/leg.ts';
import type { Describer } from '../leg/offers.ts';

export class PastLeg implements Describer {
  /** False while the path changes: what the far end offers meanwhile it may offer again (491). */
  settled = false;
  body: MessageBody = { contentType: 'application/sdp', content: '' };
  readonly #leg: Leg;
  #other!: PastLeg;
  /** Our far end's audio, and what it was told of the other's. */
  #far: FarAudio;
  #told: FarAudio | undefined;
  /** An offer of our far end is being put to the other. */
  #passing = false;
  readonly #release: () => void;

  /** From now on the far ends' offers come here. */
  static pair(a: Leg, b: Leg): [PastLeg, PastLeg] | Refusal {
    const [mediaA, mediaB] = [a.port?.negotiated, b.port?.negotiated];
    if (!mediaA || !mediaB) return callOver();
    if (a.muted || b.muted) return mutedRefusal();
    const pair: [PastLeg, PastLeg] = [new PastLeg(a, mediaA), new PastLeg(b, mediaB)];
    pair[0].#other = pair[1];
    pair[1].#other = pair[0];
    return pair;
  }

  private constructor(leg: Leg, media: NegotiatedMedia) {
    this.#leg = leg;
    this.#far = farOf(media);
    this.#release = leg.offers.take(this);
  }

  /** The leg describes its own audio again. */
  release(): void {
    this.#release();
  }

  /** The far end has been told of the other one as that is now. */
  get current(): boolean {
    return this.#told !== undefined && isSame(this.#told, this.#other.#far);
  }

  /** re-INVITE that tells our far end of the other one. */
  tell(): Promise<Refusal | undefined> {
    return this.#leg.offers.reinvite(this);
  }

  offer(): Refusal | undefined {
    const port = this.#leg.port;
    if (!port) return callOver();
    const sdp = port.offerPast(this.#other.#far);
    if (isRefusal(sdp)) return sdp;
    this.body = { ...this.body, content: sdp };
    return undefined;
  }

  async accept(answer: string | undefined): Promise<Refusal | undefined> {
    const port = this.#leg.port;
    if (!port || answer === undefined) return callOver();
    const told = this.#other.#far;
    const media = await port.accept(answer);
    if (isRefusal(media)) return media;
    this.#told = told;
    const changed = !isSame(this.#far, farOf(media));
    this.#far = farOf(media);
    // It asked for our offer and answered with news of its own (a late offer): the other far end is told.
    if (changed && this.settled && !this.#other.#passing) void this.#other.tell();
    return undefined;
  }

  /** What our far end wants anew is put to the other far end, whose answer is ours; unless it wants what it has. */
  async answer(offer: string): Promise<Refusal | undefined> {
    const port = this.#leg.port;
    if (!port) return callOver();
    // Both at once would wait for each other.
    if (!this.settled || this.#passing || this.#other.#passing)
      return refuse('path-changing', 'the session is being changed', { sip: 491 });
    const media = port.read(offer);
    if (isRefusal(media)) return media;
    const refusal = isSame(this.#far, farOf(media)) ? undefined : await this.#pass(farOf(media));
    if (refusal) return refusal;
    const told = this.#other.#far;
    const answered = await port.answer(offer, told);
    if (isRefusal(answered)) return answered;
    this.#told = told;
    this.body = { ...this.body, content: answered.sdp };
    return undefined;
  }

  async #pass(far: FarAudio): Promise<Refusal | undefined> {
    const before = this.#far;
    this.#far = far;
    this.#passing = true;
    const refusal = await this.#other.tell();
    this.#passing = false;
    if (refusal) this.#far = before;
    return refusal;
  }
}

const opposite: Record<Direction, Direction> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
};

/** Why the two cannot be told of each other, from what is known now. */
export function passRefusal(a: Leg, b: Leg): Refusal | undefined {
  const [mediaA, mediaB] = [a.port?.negotiated, b.port?.negotiated];
  if (!mediaA || !mediaB) return callOver();
  if (a.muted || b.muted) return mutedRefusal();
  return a.port?.passRefusal(farOf(mediaB)) ?? b.port?.passRefusal(farOf(mediaA));
}

/** Only we can keep a voice from being heard. */
const mutedRefusal = (): Refusal => refuse('muted', 'one of the two is muted, and would be heard');

const farOf = (media: NegotiatedMedia): FarAudio => ({ media, direction: opposite[media.direction] });

function isSame(one: FarAudio, other: FarAudio): boolean {
  const [a, b] = [one.media, other.media];
  return (
    one.direction === other.direction &&
    a.remote.host === b.remote.host &&
    a.remote.port === b.remote.port &&
    a.codec === b.codec &&
    a.payloadType === b.payloadType &&
    a.dtmfPayloadType === b.dtmfPayloadType
  );
}
