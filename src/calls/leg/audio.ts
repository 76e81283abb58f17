// A leg's audio: its port in the engine and the offer/answer that describes it.
import { errorText, isFault, isRefusal, type Refusal, refuse, type Scope } from '../../base/index.ts';
import type { CodecWish, MediaPort, NegotiatedMedia } from '../../media/client.ts';
import type { MessageBody, SipRequest, SipResponse } from '../../sip/index.ts';
import { type EventLog, logged } from '../events.ts';
import type { CallWorld } from '../types.ts';
import type { Describer } from './offers.ts';

const sdpType = 'application/sdp';

export interface LegAudioOptions {
  world: CallWorld;
  callSid: string;
  group: string;
  scope: Scope;
  events: EventLog;
  onDigit: MediaPort['onDigit'];
  onInactive: MediaPort['onInactive'];
  onWorkerLoss: MediaPort['onWorkerLoss'];
}

export class LegAudio {
  readonly #options: LegAudioOptions;
  #port: MediaPort | undefined;
  #localSdp = '';

  constructor(options: LegAudioOptions) {
    this.#options = options;
    options.scope.defer(() => this.#close());
  }

  /** Undefined before `open` and after the leg. */
  get port(): MediaPort | undefined {
    return this.#port;
  }

  /** Our latest description, as a message body. */
  get body(): MessageBody {
    return { contentType: sdpType, content: this.#localSdp };
  }

  /** As a describer whose offers have these codecs. */
  describer(codecs?: CodecWish): Describer {
    const audio = this;
    return {
      get body() {
        return audio.body;
      },
      offer: () => this.offer(codecs),
      answer: (offer) => this.answer(offer),
      accept: (answer) => this.accept(answer),
    };
  }

  async open(): Promise<Refusal | undefined> {
    const { world, callSid, group, scope } = this.#options;
    const { mediaInactivityMs: inactivityMs, mediaHoldInactivityMs: holdInactivityMs, inbandDtmf } = world.settings;
    try {
      const port = await world.media.open({ callSid, group, inactivityMs, holdInactivityMs, inbandDtmf });
      if (scope.closed) {
        await port.close();
        return callOver();
      }
      port.onDigit = this.#options.onDigit;
      port.onInactive = this.#options.onInactive;
      port.onWorkerLoss = this.#options.onWorkerLoss;
      this.#port = port;
      return undefined;
    } catch (error) {
      const sip = isFault(error) ? (error.sip ?? 480) : 480;
      return refuse('media-unavailable', `crankback: media server failure: ${errorText(error)}`, { sip });
    }
  }

  /** Answers an offer; a refusal leaves everything as it was. */
  async answer(offer: string): Promise<Refusal | undefined> {
    const answer = await this.#port?.answer(offer);
    if (!answer) return callOver();
    if (isRefusal(answer)) return answer;
    this.#localSdp = answer.sdp;
    this.#note(answer.media);
    return undefined;
  }

  /** Our offer becomes the body. */
  offer(codecs?: CodecWish): Refusal | undefined {
    if (!this.#port) return callOver();
    this.#localSdp = this.#port.offer({ ...(codecs && { codecs }) });
    return undefined;
  }

  /** The far end's answer to our offer. */
  async accept(sdp: string | undefined): Promise<Refusal | undefined> {
    if (sdp === undefined) return refuse('no-sdp', 'the far end answered without a session description', { sip: 488 });
    const media = await this.#port?.accept(sdp);
    if (!media) return callOver();
    if (isRefusal(media)) return media;
    this.#note(media);
    return undefined;
  }

  #note({ codec, ptimeMs, direction, remote, dtmfPayloadType }: NegotiatedMedia): void {
    const rfc4733 = dtmfPayloadType !== undefined;
    const to = `${remote.host}:${remote.port}`;
    this.#options.events.append('media', {
      what: 'negotiated',
      codec,
      ptime_ms: ptimeMs,
      direction,
      remote: to,
      rfc4733,
    });
  }

  async #close(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    const stats = await port?.close();
    if (stats) this.#options.events.append('media', { what: 'closed', ...logged(stats) });
  }
}

export const noEarlyMedia = (): Refusal =>
  refuse('no-early-media', 'nothing can be heard before the answer: the INVITE brought no session description');

export const callOver = (): Refusal => refuse('call-ended', 'the call is over');

/** The session description in a message, if there is one. */
export function sdpOf(message: SipRequest | SipResponse): string | undefined {
  if (message.body.length === 0) return undefined;
  const type = message.contentType?.split(';')[0]?.trim().toLowerCase();
  return type === undefined || type === sdpType ? Buffer.from(message.body).toString('utf8') : undefined;
}
