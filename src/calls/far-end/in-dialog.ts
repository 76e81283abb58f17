// What the far end does inside its dialog, for the application: requests, hold and REFER (live-call-control.md 7.6).
import type { HookInput } from '../../apps/index.ts';
import { errorText, isFault } from '../../base/index.ts';
import type { SipRequest, SipResponse } from '../../sip/index.ts';
import type { Answer } from '../application/conversation.ts';
import { HoldMusic } from '../bridge/hold-music.ts';
import { type MediaPath, takeMedia } from '../bridge/media-path.ts';
import type { Call } from '../call.ts';
import type { CallEvent } from '../events.ts';
import type { LegRefer } from '../leg/refer.ts';
import type { Step } from '../types.ts';

/** Who acts on the far end's hold of a leg: a dial with an onHoldHook. On both legs of a bridge. */
export interface HoldPart {
  /** `by` says From and To of the message that did it. */
  onHold(held: boolean, by: { from: string | undefined; to: string | undefined }): void;
}

/** Who answers a REFER of a leg: a dial with a referHook. On both legs of a bridge. */
export interface ReferPart {
  readonly hook: HookInput;
  /** The other leg: the one that is referred. */
  readonly other: Call;
  /**
   * Runs the hook's verbs where verbs.md 5.9 says: a child's REFER replaces the parent's application, a parent's makes the child
   * a call of its own. Gives the call that runs them.
   */
  run(steps: Step[]): Call;
}

export class InDialog {
  /** config.sipRequestWithinDialogHook: where INFO and MESSAGE go. */
  requestHook: HookInput | undefined;
  /** config.referHook: who answers a REFER when no dial does. */
  referHook: HookInput | undefined;
  /** config.onHoldMusic: what the other leg of a bridge hears while this one's far end holds. */
  holdMusic: string | undefined;
  readonly #call: Call;
  readonly #music: HoldMusic;
  /** Where the media went before the far end held the call. */
  #pathBefore: MediaPath | undefined;

  constructor(call: Call) {
    this.#call = call;
    this.#music = new HoldMusic(call);
  }

  /** This leg and another hear each other from now on. */
  bridged(): void {
    this.#music.update();
  }

  /** INFO, MESSAGE and NOTIFY go to the hook that config named; verbs in its answer replace the application. */
  request(request: SipRequest): void {
    this.#tellApplication({
      sipMethod: request.method,
      sipBody: Buffer.from(request.body).toString('utf8'),
      sipHeaders: customHeaders(request),
    });
  }

  held(held: boolean, message: SipRequest | SipResponse): void {
    const call = this.#call;
    if (call.ended) return;
    call.events.append('hold', { held });
    this.#hear(held, { from: message.header('From'), to: message.header('To') });
    if (!call.world.settings.holdEvents) return;
    this.#tellApplication({
      sipMethod: 'INVITE',
      event: held ? 'hold' : 'unhold',
      onHold: held,
      sipBody: Buffer.from(message.body).toString('utf8'),
      sipHeaders: customHeaders(message),
    });
  }

  /** What the other leg of a bridge hears while this one is held. Media that goes past us comes back for it, and leaves again after it. */
  #hear(held: boolean, detail: Parameters<HoldPart['onHold']>[1]): void {
    const call = this.#call;
    const act = (): void => {
      for (const part of call.parts.all('hold')) part.onHold(held, detail);
      this.#music.update();
    };
    const bridge = call.parts.get('bridge');
    const before = bridge?.path;
    const heard = held && (this.#music.wanted || call.parts.get('hold') !== undefined);
    const taken = heard ? takeMedia(call) : undefined;
    if (taken) {
      // Not when it is on its way back already, for something else.
      if (before !== 'full-media') this.#pathBefore = before;
      taken.then(
        () => call.turn('media is back', () => call.leg.offers.held && act()),
        (error: unknown) => call.events.append('error', { what: 'no hold audio', reason: errorText(error) }),
      );
    } else act();
    if (held || !this.#pathBefore) return;
    // Unless somebody has chosen another way meanwhile.
    if (bridge?.path === 'full-media') bridge.setPath(this.#pathBefore).catch(() => {});
    this.#pathBefore = undefined;
  }

  /** Asks the hook, then answers: 202 when it succeeded, its own status when it failed, 501 when there is none. */
  async refer(refer: LegRefer): Promise<void> {
    const call = this.#call;
    const part = call.parts.get('refer');
    const session = sessionOf(call);
    const hook = part?.hook ?? session.inDialog.referHook;
    call.events.append('refer', { to: refer.referTo, hook: hook !== undefined });
    if (hook === undefined || call.ended) return refer.reject(call.ended ? 481 : 501);
    const payload = call.payload({ referDetails: referDetails(call, refer, part?.other) });
    let answer: Answer;
    try {
      answer = await session.conversation.ask('verb:hook', hook, payload);
    } catch (error) {
      const status = isFault(error) ? Number(error.detail.status) : Number.NaN;
      return refer.reject(status >= 300 && status <= 699 ? status : 501);
    }
    session.turn('refer hook answered', () => referred({ refer, call, session, part, answer }));
  }

  #tellApplication(extra: Record<string, unknown>): void {
    const session = sessionOf(this.#call);
    const hook = session.inDialog.requestHook;
    if (hook === undefined || session.ended) return;
    session.conversation.ask('verb:hook', hook, this.#call.payload(extra)).then(
      (answer) => session.turn('in-dialog hook answered', () => session.applyAnswer(answer)),
      () => {},
    );
  }
}

const sessionOf = (call: Call): Call => call.parent ?? call;

interface Referred {
  refer: LegRefer;
  call: Call;
  session: Call;
  part: ReferPart | undefined;
  answer: Answer;
}

/** The hook has answered: 202, and what it wants done. Without verbs the application sees to the transfer itself. */
function referred({ refer, call, session, part, answer }: Referred): void {
  if (call.ended || session.ended) return refer.reject(481);
  if (answer.kind === 'invalid') {
    session.conversation.refused(answer.refusal);
    return refer.reject(501);
  }
  refer.accept();
  if (answer.kind === 'verbs') {
    // A bridge that ended while the hook thought leaves its verbs to the application that asked for them.
    const stands = part !== undefined && call.parts.all('refer').includes(part);
    const runner = stands ? part.run(answer.steps) : session;
    if (!stands) session.run(answer.steps);
    return void tellOutcome(refer, runner, answer.steps);
  }
  refer.notify(200, 'OK');
}

/** Who referred hears whether it worked (RFC 3515 2.4.5): when verbs call somebody, that two now hear each other; else at once. */
async function tellOutcome(refer: LegRefer, runner: Call, steps: readonly Step[]): Promise<void> {
  if (!steps.some(({ name }) => name === 'dial')) return refer.notify(200, 'OK');
  const isDial = ({ verb }: CallEvent): boolean => verb === 'dial';
  // What ran before may have been a dial too, which is killed first.
  const begun = await runner.events.next(
    (event) => event.type === 'ended' || (event.type === 'verb-started' && isDial(event)),
  );
  if (begun.type === 'ended') return;
  const { type } = await runner.events.next(
    (event) => event.type === 'bridged' || event.type === 'ended' || (overs.has(event.type) && isDial(event)),
  );
  if (type === 'bridged') refer.notify(200, 'OK');
  else if (type === 'verb-finished') refer.notify(480, 'Temporarily Unavailable');
  else refer.notify(487, 'Request Terminated');
}

const overs: ReadonlySet<string> = new Set(['verb-finished', 'verb-killed', 'verb-skipped']);

const xHeader = /^x-/i;

/** verbs.md 5.9: `refer_details`. */
function referDetails(call: Call, refer: LegRefer, other: Call | undefined): Record<string, unknown> {
  const headers = Object.entries(customHeaders(refer.request)).filter(([name]) => xHeader.test(name));
  return {
    sipReferTo: refer.referTo,
    referToUser: refer.referToUser,
    sipReferredBy: refer.referredBy,
    referredByUser: refer.referredByUser,
    sipUserAgent: refer.request.header('User-Agent'),
    referringCallSid: call.sid,
    referredCallSid: other?.sid ?? null,
    ...Object.fromEntries(headers),
  };
}

const routine = new Set(
  'via from to call-id cseq max-forwards content-length content-type contact route record-route authorization proxy-authorization www-authenticate proxy-authenticate'.split(
    ' ',
  ),
);

/** Headers of a message without those of its routing (app-interfaces.md 2.3). */
export function customHeaders(message: SipRequest | SipResponse): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of message.lines) if (!routine.has(name.toLowerCase())) headers[name] = value;
  return headers;
}
