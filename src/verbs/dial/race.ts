// The race of a dial's legs: all ring, the first that takes the call wins, the others are cancelled.
import type { HookInput } from '../../apps/index.ts';
import { isRefusal, type Timer } from '../../base/index.ts';
import { type Call, type CallEnd, codecNames, dialChild, runSide, type VerbRun } from '../../calls/index.ts';
import { headerText } from '../headers.ts';
import { mostTargets, ringSeconds } from '../limits.ts';
import { type DialOptions, destinationOf, distinctTargets, type Target } from './options.ts';

/** What the dial does about its legs. Each is called in a turn of the leg. */
export interface RaceHandler {
  /** `withMedia`: its own sound follows, by onEarlyMedia. */
  onRinging(withMedia: boolean): void;
  onEarlyMedia(leg: Call): void;
  /** An answered leg is asked whether it takes the call; early media of it is over. */
  onConfirming(): void;
}

/** Verbs of a confirmHook's answer (app-interfaces.md 3.4): what needs an answered call or nothing, and ends by itself. */
const confirmVerbs = new Set([
  'say',
  'play',
  'pause',
  'gather',
  'dtmf',
  'config',
  'tag',
  'hangup',
  'answer',
  'sip:request',
]);
/** RFC 3326: somebody else took the call. */
const elsewhere = 'SIP;cause=200;text="Call completed elsewhere"';

/** What a verb of it may be replaced by. */
const confirmedBy = new Set(['say', 'play', 'gather', 'config', 'tag', 'hangup']);

export class Race {
  readonly legs: Call[] = [];
  /** The leg that won, in a turn of it; undefined when none is left, or the dial was ended. Never rejects. */
  readonly winner: Promise<Call | undefined>;
  /** The leg whose end decided, when none won. */
  last: Call | undefined;
  readonly #options: DialOptions;
  readonly #run: VerbRun;
  readonly #handler: RaceHandler;
  readonly #settle: (winner: Call | undefined) => void;
  #codecs: { names: string[]; alone: boolean } | undefined;
  #won: Call | undefined;
  #settled = false;
  /** Legs that are neither over nor have won. */
  #running = 0;
  #ringTimer: Timer | undefined;

  constructor(options: DialOptions, run: VerbRun, handler: RaceHandler) {
    this.#options = options;
    this.#run = run;
    this.#handler = handler;
    const { promise, resolve } = Promise.withResolvers<Call | undefined>();
    this.winner = promise;
    this.#settle = (winner) => {
      this.#settled = true;
      this.#ringTimer?.cancel();
      resolve(winner);
    };
    run.scope.defer(() => {
      this.#cancel();
      this.#settle(undefined);
    });
  }

  /** Sends the INVITEs. */
  start(): void {
    const { clock } = this.#run.call;
    const targets = distinctTargets(this.#options.target, mostTargets);
    const given = this.#options.target.length;
    if (given > mostTargets)
      this.#run.call.events.append('error', { what: `only the first ${mostTargets} of ${given} targets are called` });
    this.#codecs = codecWish(this.#run.call, this.#options.codecs);
    this.#running = targets.length;
    this.#ringTimer = clock.after((this.#options.timeout ?? ringSeconds) * 1000, () => this.#ringingOver());
    for (const target of targets) this.#dial(target);
  }

  /** Nobody wins any more. */
  end(): void {
    if (this.#settled) return;
    this.#cancel();
    this.#settle(undefined);
  }

  #dial(target: Target): void {
    const { call: parent } = this.#run;
    const { headers, callerId, callerName, tag } = this.#options;
    const destination = destinationOf(target, this.#options);
    const leg = isRefusal(destination)
      ? destination
      : dialChild(parent, {
          destination,
          from: target.from?.user ?? callerId ?? parent.facts.from,
          ...(target.from?.host !== undefined && { fromHost: target.from.host }),
          ...(callerName !== undefined && { callerName }),
          forwardIdentity: this.#options.forwardPAI !== false,
          headers: { ...headerText(headers), ...headerText(target.headers) },
          ...(this.#codecs && { codecs: this.#codecs }),
          ...(tag && { tag }),
          handler: {
            onRinging: (_, withMedia) => this.#handler.onRinging(withMedia),
            onEarlyMedia: (child) => this.#handler.onEarlyMedia(child),
            onAnswered: (child) => this.#answered(child, target),
          },
        });
    if (isRefusal(leg)) {
      parent.events.append('error', { what: 'a leg could not be dialled', reason: leg.reason });
      return this.#over();
    }
    this.legs.push(leg);
    parent.events.append('dial', { what: 'calls', to: leg.facts.to, with: leg.sid });
    void leg.over.then((end) => this.#over(leg, end));
  }

  #answered(leg: Call, target: Target): void {
    if (this.#settled) return leg.hangup();
    const hook = target.confirmHook ?? this.#options.confirmHook;
    if (hook === undefined) return this.#win(leg);
    const { method } = target;
    void this.#confirm(leg, typeof hook === 'string' && method !== undefined ? { url: hook, method } : hook);
  }

  /** The called party hears the hook's verbs and decides; the caller goes on hearing what it heard (verbs.md 5.5). */
  async #confirm(leg: Call, hook: HookInput): Promise<void> {
    this.#handler.onConfirming();
    const scope = this.#run.scope.child('confirm');
    scope.defer(leg.leg.scope.defer(() => void scope.close('the leg is over')));
    const end = await runSide({
      call: leg,
      asking: this.#run.call,
      scope,
      hook,
      type: 'dial:confirm',
      payload: () => leg.payload(),
      allowed: confirmVerbs,
      replaceable: confirmedBy,
    });
    await scope.close('confirmed');
    leg.turn('confirmed', () => {
      if (leg.ended) return;
      if (this.#settled || end === 'failed' || end === 'closed') leg.hangup();
      else this.#win(leg);
    });
  }

  #win(leg: Call): void {
    this.#won = leg;
    this.#settle(leg);
    this.#cancel();
  }

  #over(leg?: Call, end?: CallEnd): void {
    this.#running--;
    if (this.#settled) return;
    this.last = leg ?? this.last;
    if (leg && end) this.#tellFailed(leg, end);
    if (this.#running === 0) this.#settle(undefined);
  }

  /** Who reads the caller's log sees why nobody took the call. */
  #tellFailed({ sid, facts: { to } }: Call, { status, sipStatus, sipReason, said }: CallEnd): void {
    const how = { status, sip_status: sipStatus, sip_reason: sipReason, said };
    this.#run.call.events.append('dial', { what: 'failed', to, with: sid, ...how });
  }

  #ringingOver(): void {
    const seconds = this.#options.timeout ?? ringSeconds;
    this.#run.call.events.append('dial', { what: 'time-over', seconds });
    for (const leg of this.legs) leg.turn('ring timeout', () => leg.leg.answered || leg.hangup());
  }

  /** A phone that is told why shows no missed call. */
  #cancel(): void {
    const headers = { ...(this.#won && { Reason: elsewhere }), ...headerText(this.#options.hangupHeaders) };
    for (const leg of this.legs) if (leg !== this.#won) leg.turn('dial over', () => leg.hangup(undefined, headers));
  }
}

/** The list given when all of it is ours; else the caller's codec leads, so that nothing need be decoded between the two. */
function codecWish(call: Call, names: string[] | undefined): { names: string[]; alone: boolean } | undefined {
  const unknown = names?.find((name) => !codecNames.includes(name.toUpperCase()));
  if (names && unknown === undefined) return { names, alone: true };
  if (unknown !== undefined)
    call.alert(
      'invalid-app-payload',
      `dial.codecs: ${unknown} is none of ${codecNames.join(', ')}; the list is not used`,
    );
  const codec = call.leg.port?.negotiated?.codec;
  return codec === undefined ? undefined : { names: [codec], alone: false };
}
