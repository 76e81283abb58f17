// A phone for rehearsals, demos and tests: a SIP user agent with ears. It calls, is called, presses keys and hangs up.
import { addressText, type Clock, type Log, type Network, type Random, silentLog } from '../base/index.ts';
import {
  createSipStack,
  type Dialog,
  type DialogEnd,
  type ExtraHeaders,
  type IncomingInvite,
  type IncomingReinvite,
  type IncomingRequest,
  type OutgoingInvite,
  type SipRequest,
  type SipResponse,
  type SipStack,
} from '../sip/index.ts';
import { PhoneAudio, type PhoneCodec } from './phone-audio.ts';

export interface PhoneOptions {
  clock: Clock;
  random: Random;
  network: Network;
  /** Address to bind. */
  host: string;
  log?: Log;
  user?: string;
  /** The dearest first; PCMU when absent. */
  codecs?: readonly PhoneCodec[];
}

export interface Phone {
  readonly sip: SipStack;
  /** `sip:user@host:port`. */
  readonly uri: string;
  /** A call that comes in; what is unset is answered 200. */
  onCall: (call: PhoneCall, invite: IncomingInvite) => void;
  call(uri: string, options?: CallOptions): Promise<PhoneCall>;
  close(): Promise<void>;
}

export interface CallOptions {
  headers?: ExtraHeaders;
  proxy?: string;
  /** No offer: ours is asked for, and answered in the ACK (RFC 3264 4). */
  late?: boolean;
}

const sdpBody = (content: string) => ({ contentType: 'application/sdp', content });

/** RFC 3264 6.1: what both want. */
function answerTo(offer: string, wanted: string): string {
  const theirs = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(offer)?.[1] ?? 'sendrecv';
  const sends = /send/.test(wanted) && /recv/.test(theirs);
  const receives = /recv/.test(wanted) && /send/.test(theirs);
  return sends ? (receives ? 'sendrecv' : 'sendonly') : receives ? 'recvonly' : 'inactive';
}

/** One call of a phone, either way. */
export class PhoneCall {
  readonly audio: PhoneAudio;
  dialog: Dialog | undefined;
  outgoing: OutgoingInvite | undefined;
  readonly provisionals: SipResponse[] = [];
  /** In-dialog requests that came (INFO, MESSAGE, ...). */
  readonly requests: SipRequest[] = [];
  ended: DialogEnd | undefined;
  readonly #clock: Clock;
  #resolveAnswered: (status: number) => void = () => {};
  #resolveEnded: (end: DialogEnd) => void = () => {};
  /** Status of the final response. */
  readonly answered = new Promise<number>((resolve) => {
    this.#resolveAnswered = resolve;
  });
  /** The end of an answered call. */
  readonly over = new Promise<DialogEnd>((resolve) => {
    this.#resolveEnded = resolve;
  });
  answeredAt = 0;
  /** What its user wants: a hold stays one when the other side offers something. */
  #direction = 'sendrecv';
  /** Offers and answers under way, ours. */
  #offering = 0;
  /** Answers a changed session; set to refuse it or to take one's time. */
  onReinvite: (reinvite: IncomingReinvite) => void = (reinvite) => this.acceptReinvite(reinvite);
  /** Answers an in-dialog request; 200 when it is not replaced. */
  onRequest: (incoming: IncomingRequest) => void = (incoming) => incoming.respond(200);
  finalResponse: SipResponse | undefined;

  constructor(audio: PhoneAudio, clock: Clock) {
    this.audio = audio;
    this.#clock = clock;
  }

  /** The server's call_sid of it: in its answer to us, or in its INVITE. */
  get sid(): string | undefined {
    return (this.finalResponse ?? this.invite)?.header('X-Call-Sid');
  }

  /** What called us. */
  invite: SipRequest | undefined;

  adopt(dialog: Dialog): void {
    this.dialog = dialog;
    this.answeredAt = this.#clock.now();
    dialog.onRequest = (incoming) => {
      this.requests.push(incoming.request);
      this.onRequest(incoming);
    };
    dialog.onReinvite = (reinvite) => this.onReinvite(reinvite);
    // It answers an offer that we were asked for.
    dialog.onAck = (ack) => ack.body.length > 0 && this.audio.aim(Buffer.from(ack.body).toString());
    dialog.onEnd = (end) => {
      this.ended = end;
      this.audio.close();
      this.#resolveEnded(end);
    };
    this.#resolveAnswered(200);
  }

  refused(status: number): void {
    this.audio.close();
    this.#resolveAnswered(status);
  }

  press(digits: string, durationMs?: number): void {
    this.audio.press(digits, durationMs);
  }

  /** Hears and is heard, as far as it knows. */
  get open(): boolean {
    return this.#direction === 'sendrecv' && this.#offering === 0;
  }

  acceptReinvite(reinvite: IncomingReinvite): void {
    const offer = Buffer.from(reinvite.request.body).toString();
    this.audio.aim(offer);
    reinvite.accept({ body: sdpBody(this.audio.sdp(answerTo(offer, this.#direction))) });
  }

  /** Puts the other side on hold, or takes it back. */
  async reinvite(
    direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive',
    change = (sdp: string): string => sdp,
  ): Promise<SipResponse> {
    this.#offering++;
    this.#direction = direction;
    try {
      const response = await this.dialog!.reinvite({ body: sdpBody(change(this.audio.sdp(direction))) });
      if (response.status < 300) this.audio.aim(Buffer.from(response.body).toString());
      return response;
    } finally {
      this.#offering--;
    }
  }

  async hangup(headers?: ExtraHeaders): Promise<void> {
    if (this.dialog) await this.dialog.bye(headers);
    else this.outgoing?.cancel();
  }

  /** It rings, and something is heard before the answer. */
  early(invite: IncomingInvite): void {
    this.audio.aim(Buffer.from(invite.request.body).toString());
    invite.progress(183, 'Session Progress', { body: sdpBody(this.audio.sdp()) });
  }

  accept(invite: IncomingInvite): void {
    this.audio.aim(Buffer.from(invite.request.body).toString());
    this.adopt(invite.accept({ body: sdpBody(this.audio.sdp()) }));
  }
}

export async function openPhone(options: PhoneOptions): Promise<Phone> {
  const { clock, random, network, host, log = silentLog, user = 'phone', codecs } = options;
  const sip = createSipStack({ clock, random, network, log, bind: { host, port: 0 }, userAgent: 'Crosspoint phone' });
  await sip.start();
  const uri = `sip:${user}@${addressText(sip.udp)}`;
  const openAudio = () => PhoneAudio.open({ clock, random, network, host, ...(codecs && { codecs }) });
  const phone: Phone = {
    sip,
    uri,
    onCall: (call, invite) => call.accept(invite),
    async call(target, { headers = {}, proxy, late = false } = {}) {
      const call = new PhoneCall(await openAudio(), clock);
      const outgoing = sip.invite({
        uri: target,
        from: { uri },
        headers,
        ...(!late && { body: sdpBody(call.audio.sdp()) }),
        ...(proxy !== undefined && { proxy }),
      });
      call.outgoing = outgoing;
      outgoing.ackBody = async (response) =>
        sdpBody(call.audio.sdp(answerTo(Buffer.from(response.body).toString(), 'sendrecv')));
      outgoing.onProvisional = (response) => {
        call.provisionals.push(response);
        if (response.body.length > 0) call.audio.aim(Buffer.from(response.body).toString());
      };
      outgoing.onAnswer = (dialog, response) => {
        call.finalResponse = response;
        call.audio.aim(Buffer.from(response.body).toString());
        call.adopt(dialog);
      };
      outgoing.onFailure = (failure) => {
        if ('status' in failure) call.finalResponse = failure;
        call.refused('status' in failure ? failure.status : (failure.sip ?? 408));
      };
      return call;
    },
    close: () => sip.close(),
  };
  sip.onInvite = (invite) => {
    void openAudio().then((audio) => {
      const call = new PhoneCall(audio, clock);
      call.invite = invite.request;
      invite.onCancel = () => call.refused(487);
      phone.onCall(call, invite);
    });
  };
  return phone;
}
