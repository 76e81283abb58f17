// Leg: one SIP dialog and its audio. It knows RFC 3261 and offer/answer, and nothing of applications.
import { type Refusal, refuse, type Scope } from '../../base/index.ts';
import type { CodecWish, MediaPort } from '../../media/client.ts';
import type {
  Dialog,
  DialogEnd,
  ExtraHeaders,
  IncomingInvite,
  MessageBody,
  OutgoingInvite,
  OutgoingInviteOptions,
  SipRequest,
  SipResponse,
} from '../../sip/index.ts';
import { redirectLimit } from '../limits.ts';
import { callOver, LegAudio, noEarlyMedia, sdpOf } from './audio.ts';
import { LegDigits } from './digits-out.ts';
import { contactOf, failureEnd } from './failure.ts';
import { LegOffers } from './offers.ts';
import { LegRefers } from './refer.ts';
import { serveRequest } from './requests.ts';
import type { LegEnd, LegOptions } from './types.ts';

export class Leg {
  readonly scope: Scope;
  /** Changes of the session, and who holds it. */
  readonly offers: LegOffers;
  readonly refers: LegRefers;
  /** Digits to the far end. */
  readonly keys: LegDigits;
  readonly #options: LegOptions;
  readonly #audio: LegAudio;
  #invite: IncomingInvite | undefined;
  #outgoing: OutgoingInvite | undefined;
  #dialog: Dialog | undefined;
  /** An inbound call's audio, opened beside the application's first answer. */
  #opening: Promise<Refusal | undefined> | undefined;
  #earlyMedia = false;
  /** The audio has another address than the far end was told: said as soon as there is a dialog. */
  #moved = false;
  #muted = false;
  #ended = false;

  constructor(options: LegOptions) {
    const { world, callSid, group, events, handler } = options;
    this.#options = options;
    this.scope = options.scope.child('leg');
    this.#audio = new LegAudio({
      world,
      callSid,
      group,
      events,
      scope: this.scope,
      onDigit: ({ digit, durationMs, source }) => handler.onDigit(digit, durationMs, source),
      onInactive: (silentMs) => this.#faulted(480, 'Media Timeout', { silent_ms: silentMs }),
      onWorkerLoss: (outcome) => this.#workerLost(outcome),
    });
    this.offers = new LegOffers({
      audio: this.#audio,
      scope: this.scope,
      onHold: (held, message) => handler.onHold(held, message),
      onRefused: ({ reason }) => events.append('error', { what: 'the session stays as it was', reason }),
    });
    this.refers = new LegRefers(world.clock, this.scope);
    this.keys = new LegDigits({
      clock: world.clock,
      scope: this.scope,
      port: () => this.port,
      info: (contentType, content) => this.request('INFO', { contentType, content }, { 'X-Reason': 'Dtmf' }),
    });
  }

  /** The audio; undefined until it was opened, and after the end. */
  get port(): MediaPort | undefined {
    return this.#audio.port;
  }

  /** What an inbound call came with. */
  get invite(): SipRequest | undefined {
    return this.#invite?.request;
  }

  /** Of an answered leg. */
  get dialogId(): Pick<Dialog, 'callId' | 'localTag' | 'remoteTag' | 'peer'> | undefined {
    return this.#dialog;
  }

  get answered(): boolean {
    return this.#dialog !== undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Nobody hears its far end, nor its keys. */
  get muted(): boolean {
    return this.#muted;
  }

  /** There is audio both sides agreed on, and the far end was told. */
  get hasMedia(): boolean {
    return (
      !this.#ended &&
      this.port?.negotiated !== undefined &&
      (this.answered || this.#earlyMedia || this.#outgoing !== undefined)
    );
  }

  /** An inbound call's leg. Its audio is opened at once, so that an answer need not wait for it. */
  receive(invite: IncomingInvite): void {
    this.#invite = invite;
    invite.onCancel = (request) => this.#end({ how: 'cancelled', request });
    this.#opening = this.#openInbound(invite);
  }

  /** An outbound call's leg. */
  async dial(options: Omit<OutgoingInviteOptions, 'body'>, codecs?: CodecWish): Promise<{ callId: string } | Refusal> {
    const failure = (await this.#audio.open()) ?? this.#audio.offer(codecs);
    return failure ?? { callId: this.#send(options, redirectLimit).callId };
  }

  #send(options: Omit<OutgoingInviteOptions, 'body'>, redirectsLeft: number): OutgoingInvite {
    const outgoing = this.#options.world.sip.invite({ ...options, body: this.#audio.body });
    this.#outgoing = outgoing;
    outgoing.onProvisional = (response) => void this.#ringing(response);
    outgoing.onAnswer = (dialog, response) => void this.#outgoingAnswered(dialog, response);
    outgoing.onFailure = (failed) => {
      const moved = redirectsLeft > 0 && !this.#ended ? contactOf(failed) : undefined;
      if (moved === undefined) return this.#end(failureEnd(failed));
      this.#options.events.append('media', { what: 'redirected', to: moved });
      // The password was for the one who was asked, not for whom he names.
      const { auth: _, ...rest } = options;
      this.#send({ ...rest, uri: moved, to: options.to ?? options.uri, callId: outgoing.callId }, redirectsLeft - 1);
    };
    return outgoing;
  }

  /** Makes sure there is audio: `early` is content with a 183, otherwise the call is answered, unless aborted before. */
  async ensureMedia(early: boolean, signal: AbortSignal): Promise<Refusal | undefined> {
    if (this.#ended) return callOver();
    if (this.#dialog) return undefined;
    const invite = this.#invite;
    if (!invite) return refuse('not-answered', 'the far end has not answered yet');
    const failure = await this.#opening;
    if (failure || signal.aborted) return failure ?? callOver();
    if (invite.state !== 'proceeding') return this.#dialog ? undefined : callOver();
    if (!early) return this.#accept(invite);
    if (this.#earlyMedia) return undefined;
    // Our offer in an unreliable 183 would be none (RFC 3261 13.2.1).
    if (sdpOf(invite.request) === undefined) return noEarlyMedia();
    this.#earlyMedia = true;
    invite.progress(183, 'Session Progress', { headers: this.#options.answerHeaders, body: this.#audio.body });
    this.port?.start();
    return undefined;
  }

  /** Another far end takes this one's place (RFC 3891): same call, same audio. The old one gets BYE. A refusal leaves all as it was. */
  async takeOver(invite: IncomingInvite): Promise<Refusal | undefined> {
    const old = this.#dialog;
    const offer = sdpOf(invite.request);
    if (!old || this.#ended) return callOver();
    if (offer === undefined) return refuse('no-sdp', 'who replaces a far end must bring an offer', { sip: 488 });
    const refusal = await this.#audio.answer(offer);
    if (refusal || this.#ended || invite.state !== 'proceeding') return refusal ?? callOver();
    const dialog = invite.accept({ headers: this.#options.answerHeaders, body: this.#audio.body });
    void old.bye({ Reason: 'SIP;cause=200;text="Replaced"' });
    this.#adopt(dialog, invite.request);
    return undefined;
  }

  /** Final response to an unanswered inbound call. */
  reject(status: number, reason?: string, headers?: ExtraHeaders): void {
    this.#invite?.reject(status, reason, headers ? { headers } : undefined);
    this.#close();
  }

  /** Provisional response without a body (alert). */
  ring(headers?: ExtraHeaders): void {
    if (this.#invite?.state === 'proceeding') this.#invite.progress(180, 'Ringing', headers ? { headers } : undefined);
  }

  /** BYE, or CANCEL while the far end rings (of the headers it takes the Reason, RFC 3326). Resolves when the far end has answered it. */
  async hangup(headers?: ExtraHeaders): Promise<void> {
    if (this.#ended) return;
    const done = this.#dialog?.bye(headers);
    if (!this.#dialog) this.#outgoing?.cancel([headers?.Reason ?? []].flat()[0]);
    this.#close();
    await done;
  }

  /** re-INVITE with our own audio. A refusal leaves the session as it was. `codecs` holds from then on. */
  reinvite(codecs?: CodecWish): Promise<Refusal | undefined> {
    return this.offers.reinvite(this.#audio.describer(codecs));
  }

  /** A request in the dialog; rejects with a Fault when no answer comes. */
  async request(
    method: string,
    body: MessageBody | undefined,
    headers: ExtraHeaders | undefined,
  ): Promise<SipResponse> {
    if (!this.#dialog) throw new Error('bug: request outside a dialog');
    return this.#dialog.request(method, { ...(body && { body }), ...(headers && { headers }) });
  }

  /** The ear becomes silence for every listener. */
  setMuted(muted: boolean): Promise<{ at: number }> {
    if (!this.port) throw new Error('bug: mute without audio');
    this.#muted = muted;
    return this.port.setMuted(muted);
  }

  async #openInbound(invite: IncomingInvite): Promise<Refusal | undefined> {
    const failure = await this.#audio.open();
    if (failure) return failure;
    const offer = sdpOf(invite.request);
    return offer === undefined ? this.#audio.offer() : this.#audio.answer(offer);
  }

  /** Answers 200. After a late offer it waits for the ACK, which brings the far end's answer. */
  async #accept(invite: IncomingInvite): Promise<Refusal | undefined> {
    const late = sdpOf(invite.request) === undefined;
    const dialog = invite.accept({ headers: this.#options.answerHeaders, body: this.#audio.body });
    const acked = late ? this.offers.nextAck() : undefined;
    this.#adopt(dialog, invite.request);
    this.port?.start();
    this.#options.handler.onAnswered(undefined);
    const ack = await acked;
    const failure = ack && (await this.#audio.accept(sdpOf(ack)));
    if (failure) this.#faulted(488, 'Not Acceptable Here', { details: failure.reason });
    else void this.#reofferAfterMove();
    return this.#ended ? callOver() : undefined;
  }

  async #ringing(response: SipResponse): Promise<void> {
    this.#options.handler.onRinging(response, response.body.length > 0);
    const sdp = sdpOf(response);
    if (sdp !== undefined && !(await this.#audio.accept(sdp)) && !this.#ended) this.#options.handler.onEarlyMedia();
  }

  async #outgoingAnswered(dialog: Dialog, response: SipResponse): Promise<void> {
    this.#adopt(dialog, response);
    if (this.#ended) return dialog.bye();
    const failure = await this.#audio.accept(sdpOf(response));
    if (this.#ended) return;
    if (failure) return this.#faulted(488, 'Not Acceptable Here', { details: failure.reason });
    void this.#reofferAfterMove();
    this.#options.handler.onAnswered(response);
  }

  #adopt(dialog: Dialog, said: SipRequest | SipResponse): void {
    this.#dialog = dialog;
    dialog.onEnd = (end) => this.#dialogEnded(end);
    dialog.onRequest = (request) => serveRequest(request, this.refers, this.#options.handler);
    this.offers.adopt(dialog, said);
    this.refers.adopt(dialog);
    this.keys.learn(said.values('Allow'));
  }

  #dialogEnded(end: DialogEnd): void {
    if (end.by === 'remote') this.#end({ how: 'bye', request: end.request });
    if (end.by === 'fault') this.#faulted(end.fault.sip ?? 408, end.fault.message);
  }

  #workerLost(outcome: 'restored' | 'moved' | 'lost'): void {
    this.#options.events.append('media', { what: 'worker-lost', outcome });
    if (outcome === 'lost') this.#faulted(480, 'Media Server Failure');
    this.#moved ||= outcome === 'moved';
    void this.#reofferAfterMove();
  }

  async #reofferAfterMove(): Promise<void> {
    if (!this.#moved || !this.#dialog) return;
    this.#moved = false;
    // Who talks past us is told where we are when the media comes back.
    if (this.offers.past) return;
    const refusal = await this.reinvite();
    if (refusal) this.#faulted(480, 'Media Server Failure', { details: refusal.reason });
  }

  /** Our side cannot go on: the far end is told, and the call. */
  #faulted(status: number, reason: string, fields: Record<string, unknown> = {}): void {
    if (this.#ended) return;
    this.#options.events.append('error', { what: reason, ...fields });
    const headers = { 'X-Reason': reason };
    void this.#dialog?.bye(headers);
    if (!this.#dialog) this.#outgoing?.cancel();
    this.#invite?.reject(status, undefined, { headers });
    this.#end({ how: 'fault', status, reason });
  }

  #end(end: LegEnd): void {
    if (this.#ended) return;
    this.#close();
    this.#options.handler.onEnd(end);
  }

  #close(): void {
    this.#ended = true;
    void this.scope.close('leg over');
  }
}
