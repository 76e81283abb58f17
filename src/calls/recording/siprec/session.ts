// One recording session with one recording server (RFC 7866 section 7): an INVITE with two sendonly streams, pause, resume, and its end.
import { errorText, isRefusal, type Refusal, refuse, type Scope } from '../../../base/index.ts';
import type { MediaCopy, MediaPort } from '../../../media/client.ts';
import type { Dialog, ExtraHeaders, IncomingReinvite, MessageBody, SipResponse } from '../../../sip/index.ts';
import type { Call } from '../../call.ts';
import { sdpOf } from '../../leg/audio.ts';
import { recorderAnswerMs } from '../../limits.ts';
import { labels, type Recorded, recordingMetadata, recordingUpdate } from './metadata.ts';
import { multipart } from './multipart.ts';
import { joinStreams, splitStreams } from './two-streams.ts';

type StreamDirection = 'sendonly' | 'inactive';

export interface RecordingTarget {
  /** Of the recording server. */
  uri: string;
  /** Of the application, for the INVITE. */
  headers: ExtraHeaders;
}

export class RecordingSession {
  readonly #call: Call;
  readonly #target: RecordingTarget;
  readonly #recorded: Recorded;
  readonly #scope: Scope;
  #ports: readonly [MediaPort, MediaPort] | undefined;
  #copies: MediaCopy[] = [];
  #dialog: Dialog | undefined;
  #direction: StreamDirection = 'sendonly';
  /** The server ended it, or cannot be reached any more. */
  onLost: (reason: string) => void = () => {};

  /** Lives no longer than `scope`. */
  constructor(call: Call, target: RecordingTarget, recorded: Recorded, scope: Scope) {
    this.#call = call;
    this.#target = target;
    this.#recorded = recorded;
    this.#scope = scope.child(`recording at ${target.uri}`);
    this.#scope.defer(() => this.#close());
  }

  get uri(): string {
    return this.#target.uri;
  }

  /** Resolves when both streams flow, or with why they do not; then nothing of it is left. */
  async start(): Promise<{ at: number } | Refusal> {
    const refusal = await this.#start().catch((error: unknown) => refuse('siprec-failed', errorText(error)));
    if (refusal) {
      await this.stop();
      return refusal;
    }
    return { at: this.#call.clock.now() };
  }

  /** Streams rest or flow again, and the server is told. A refusal leaves them as they were. */
  async setPaused(paused: boolean): Promise<Refusal | undefined> {
    const dialog = this.#dialog;
    if (!dialog) return refuse('siprec-ended', 'the recording session is over');
    const direction = paused ? 'inactive' : 'sendonly';
    const why = recordingUpdate(this.#recorded.ids, paused ? 'paused' : 'resumed');
    const refusal = await this.#reinvite(dialog, direction, why);
    if (refusal) return refusal;
    this.#direction = direction;
    await Promise.all(this.#copies.map((copy) => copy.setPaused(paused)));
    return undefined;
  }

  async stop(): Promise<void> {
    this.onLost = () => {};
    await this.#scope.close('recording stopped');
  }

  async #start(): Promise<Refusal | undefined> {
    const { world, sid, group, leg } = this.#call;
    const source = leg.port;
    if (!source) return refuse('no-media', 'the call has no audio');
    const open = async (): Promise<MediaPort> => {
      const port = await world.media.open({ callSid: sid, group, inactivityMs: 0 });
      this.#scope.defer(() => port.close().then(() => {}));
      port.onWorkerLoss = (outcome) => void this.#workerLost(outcome);
      return port;
    };
    this.#ports = [await open(), await open()];
    if (this.#scope.closed) return refuse('siprec-ended', 'the call is over');
    const answered = await this.#invite();
    if (isRefusal(answered)) return answered;
    const failure = await this.#accepted(answered);
    if (failure) return failure;
    const [caller, callee] = this.#ports;
    // The leg's far end called us, or was called.
    const [said, heard] = this.#recorded.facts.direction === 'inbound' ? [caller, callee] : [callee, caller];
    this.#copies = [await world.media.copy(source, 'ear', said), await world.media.copy(source, 'mouth', heard)];
    return undefined;
  }

  /** The 200, or why there is none. */
  #invite(): Promise<SipResponse | Refusal> {
    const { world, clock } = this.#call;
    return new Promise((resolve) => {
      const outgoing = world.sip.invite({
        uri: this.#target.uri,
        from: { uri: this.#recorded.callerAor },
        headers: {
          ...this.#target.headers,
          Require: 'siprec',
          Accept: 'application/sdp, application/rs-metadata-request',
        },
        contactParameters: '+sip.src',
        body: this.#body('sendonly', recordingMetadata(this.#recorded)),
      });
      const refused = (why: string): void =>
        settle(refuse('siprec-refused', `no recording at ${this.#target.uri}: ${why}`));
      // One that is not there at all does not answer the CANCEL either.
      const late = clock.after(recorderAnswerMs, () => {
        outgoing.cancel();
        refused(`no answer within ${recorderAnswerMs} ms`);
      });
      const undo = this.#scope.defer(() => outgoing.cancel());
      const settle = (outcome: SipResponse | Refusal): void => {
        late.cancel();
        undo();
        resolve(outcome);
      };
      outgoing.onAnswer = (dialog, response) => {
        this.#adopt(dialog);
        settle(response);
      };
      outgoing.onFailure = (failure) => {
        refused('status' in failure ? `it answered ${failure.status} ${failure.reason}` : failure.message);
      };
    });
  }

  async #reinvite(dialog: Dialog, direction: StreamDirection, metadata: string): Promise<Refusal | undefined> {
    const response = await dialog.reinvite(() => ({ body: this.#body(direction, metadata) })).catch(errorText);
    if (typeof response === 'string') return refuse('siprec-failed', response);
    if (response.status >= 300) return refuse('siprec-refused', `the recorder answered ${response.status}`);
    return this.#accepted(response);
  }

  /** The server is told where the streams come from now; one whose streams are lost, or that will not have it, has lost the recording. */
  async #workerLost(outcome: 'restored' | 'moved' | 'lost'): Promise<void> {
    const dialog = this.#dialog;
    if (outcome === 'restored' || !dialog) return;
    if (outcome === 'lost') return this.#lost('the media server failed');
    const refusal = await this.#reinvite(dialog, this.#direction, recordingMetadata(this.#recorded));
    if (refusal && this.#dialog === dialog) this.#lost(refusal.reason);
  }

  #lost(reason: string): void {
    const { onLost } = this;
    void this.stop().then(() => onLost(reason));
  }

  #adopt(dialog: Dialog): void {
    if (this.#scope.closed) return void dialog.bye();
    this.#dialog = dialog;
    dialog.onEnd = (end) => {
      this.#dialog = undefined;
      if (end.by !== 'local') this.#lost(end.by === 'remote' ? 'the recorder hung up' : end.fault.message);
    };
    dialog.onReinvite = (reinvite) => void this.#reinvited(reinvite);
    dialog.onRequest = (incoming) => incoming.respond(incoming.request.method === 'REFER' ? 603 : 200);
  }

  async #accepted(response: SipResponse): Promise<Refusal | undefined> {
    const sdp = sdpOf(response);
    const answers =
      sdp === undefined ? refuse('no-sdp', 'the recorder answered without a description') : splitStreams(sdp);
    if (isRefusal(answers)) return answers;
    for (const [index, port] of (this.#ports ?? []).entries()) {
      const media = await port.accept(answers[index]!);
      if (isRefusal(media)) return media;
    }
    return undefined;
  }

  /** The server wants its streams elsewhere, or otherwise. */
  async #reinvited(reinvite: IncomingReinvite): Promise<void> {
    const sdp = sdpOf(reinvite.request);
    if (sdp === undefined) return reinvite.method === 'UPDATE' ? reinvite.accept({}) : reinvite.reject(488);
    const offers = splitStreams(sdp);
    if (isRefusal(offers) || !this.#ports) return reinvite.reject(488);
    const answers: string[] = [];
    for (const [index, port] of this.#ports.entries()) {
      const answer = await port.answer(offers[index]!);
      if (isRefusal(answer)) return reinvite.reject(answer.sip ?? 488);
      answers.push(answer.sdp);
    }
    const content = joinStreams(answers[0]!, answers[1]!, [labels.caller, labels.callee]);
    reinvite.accept({ body: { contentType: 'application/sdp', content } });
  }

  #body(direction: StreamDirection, metadata: string): MessageBody {
    const [caller, callee] = this.#ports!;
    const sdp = joinStreams(caller.offer({ direction }), callee.offer({ direction }), [labels.caller, labels.callee]);
    return multipart([
      { type: 'application/sdp', disposition: 'session;handling=required', content: sdp },
      { type: 'application/rs-metadata+xml', disposition: 'recording-session', content: metadata },
    ]);
  }

  async #close(): Promise<void> {
    const dialog = this.#dialog;
    this.#dialog = undefined;
    await Promise.all([dialog?.bye(), ...this.#copies.map((copy) => copy.close())]);
  }
}
