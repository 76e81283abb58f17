// A port's session description: what we offer and answer, for our own audio or for another party's to which the media goes past us.
import { codecs } from '../../audio/index.ts';
import { type Address, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import {
  type AgreedMedia,
  type Answered,
  answerOffer,
  applyAnswer,
  type LocalMedia,
  makeOffer,
  passRefusal,
  type Said,
  type SdpSession,
} from '../../sdp/index.ts';
import type { CodecWish, Direction, FarAudio, FarCodecs } from '../types.ts';

export interface PortSessionOptions {
  session: SdpSession;
  /** Where our audio is received. */
  local(): Address;
  /** Packet time to offer, when not the usual one. */
  ptimeMs: number | undefined;
}

export class PortSession {
  readonly #options: PortSessionOptions;
  #session: SdpSession;
  /** Our offer, and whose media it described. */
  #offered: { said: Said; local: LocalMedia; past: boolean } | undefined;
  #codecs = codecs;
  readonly #named = new Set<string>();
  #allNamed = false;

  constructor(options: PortSessionOptions) {
    this.#options = options;
    this.#session = options.session;
  }

  get far(): FarCodecs {
    return { named: this.#named, all: this.#allNamed };
  }

  /** True while an offer is unanswered that sends the media past us. */
  get offersPast(): boolean {
    return this.#offered?.past ?? false;
  }

  passRefusal(past: FarAudio): Refusal | undefined {
    return passRefusal(passed(past), this.#session);
  }

  prefer(wish: CodecWish): void {
    this.#codecs = wished(wish);
  }

  offer(options: { direction?: Direction; codecs?: CodecWish; past?: FarAudio }): string | Refusal {
    if (options.codecs) this.prefer(options.codecs);
    const local = options.past
      ? passed(options.past)
      : { ...this.#ours(), direction: options.direction ?? ('sendrecv' as const) };
    const refusal = options.past && passRefusal(local, this.#session);
    if (refusal) return refusal;
    const said = makeOffer(local, this.#session);
    this.#session = said.session;
    this.#offered = { said, local, past: options.past !== undefined };
    return said.sdp;
  }

  /** What the answer to our latest offer means. */
  accept(answer: string): AgreedMedia | Refusal {
    if (!this.#offered) return refuse('sdp-no-offer', 'there is no offer of ours to be answered', { sip: 488 });
    const { said, local } = this.#offered;
    return this.#noted(applyAnswer(said.description, answer, local), false);
  }

  /** What an offer asks for. Nothing changes. */
  read(offer: string): AgreedMedia | Refusal {
    const answered = answerOffer(offer, this.#ours(), this.#session);
    return isRefusal(answered) ? answered : answered.media;
  }

  /** An answer, which counts once it is `given`. */
  answer(offer: string, past?: FarAudio): Answered | Refusal {
    const answered = answerOffer(offer, past ? passed(past) : this.#ours(), this.#session);
    if (!isRefusal(answered)) this.#noted(answered.media, true);
    return answered;
  }

  given(answered: Answered): void {
    this.#session = answered.session;
    this.#offered = undefined;
  }

  #noted<T extends AgreedMedia | Refusal>(media: T, all: boolean): T {
    if (isRefusal(media)) return media;
    for (const name of media.listed) this.#named.add(name.toLowerCase());
    this.#allNamed ||= all;
    return media;
  }

  #ours(): LocalMedia {
    const { host, port } = this.#options.local();
    const { ptimeMs } = this.#options;
    return {
      address: host,
      port,
      codecs: this.#codecs.map(({ name, clockRate, payloadType }) => ({ name, clockRate, payloadType })),
      ...(ptimeMs !== undefined && { ptimeMs }),
      dtmf: true,
      comfortNoise: true,
      rtcpMux: true,
    };
  }
}

/** Another far end's audio as if it were ours to describe. */
function passed({ media, direction }: FarAudio): LocalMedia {
  const { codec, clockRate, payloadType, fmtp, remote, dtmfPayloadType } = media;
  return {
    address: remote.host,
    port: remote.port,
    codecs: [{ name: codec, clockRate, payloadType, ...(fmtp !== undefined && { fmtp }) }],
    ptimeMs: media.ptimeMs,
    dtmf: dtmfPayloadType !== undefined,
    dtmfPayloadType: dtmfPayloadType ?? null,
    comfortNoise: media.comfortNoisePayloadType !== undefined,
    rtcpMux: media.rtcpMux,
    direction,
  };
}

/** What can be offered. */
export const codecNames: readonly string[] = codecs.map((c) => c.name);

/** Ours, those named first. Names that are not ours say nothing. */
function wished({ names, alone }: CodecWish): typeof codecs {
  const first = names.flatMap((name) => codecs.filter((c) => c.name.toLowerCase() === name.toLowerCase()));
  if (first.length === 0) return codecs;
  return alone ? first : [...first, ...codecs.filter((c) => !first.includes(c))];
}
