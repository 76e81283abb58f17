// A dialled leg: a call whose parent's verb dials it. Its statuses go to the parent's application; it runs nothing of its own
// until it is confirmed, or becomes a call of its own (live-call-control.md 7.1, 7.4).
import { sessionAdulting } from '../../apps/index.ts';
import { isRefusal, newSid, type Refusal } from '../../base/index.ts';
import type { CodecWish } from '../../media/client.ts';
import type { ExtraHeaders } from '../../sip/index.ts';
import { Call } from '../call.ts';
import { type LegHandlerOptions, legHandler } from '../far-end/leg-handler.ts';
import type { Step } from '../types.ts';
import { type Dialled, fromUri, mergeHeaders, routeTo } from './destination.ts';
import { makeFacts } from './facts.ts';
import { fail, place } from './place.ts';

export interface ChildOptions {
  destination: Dialled;
  /** User of our From, and what payloads show. */
  from: string;
  /** Host of our From, when it is not our own. */
  fromHost?: string;
  callerName?: string;
  /** The caller's P-Asserted-Identity and Privacy go along. */
  forwardIdentity: boolean;
  /** Of the application; they win over ours. */
  headers: ExtraHeaders;
  codecs?: CodecWish;
  tag?: Record<string, unknown>;
  handler: LegHandlerOptions;
}

/** Dials. What becomes of it the handler is told, and `over` when it ends: also when it could not be dialled at all. */
export function dialChild(parent: Call, options: ChildOptions): Call | Refusal {
  const { world, owner } = parent;
  const full = world.directory.admits;
  if (full) return full;
  const { destination, from, tag } = options;
  const child = new Call(
    {
      world,
      owner,
      parent,
      facts: makeFacts(world, owner, {
        callSid: newSid(world.random),
        parentCallSid: parent.sid,
        direction: 'outbound',
        from,
        to: shownTo(destination),
        callerId: from,
        ...(options.callerName !== undefined && { callerName: options.callerName }),
        callId: '',
        traceId: parent.facts.traceId,
        ...(tag && { customerData: tag }),
      }),
    },
    (self) => legHandler(self, options.handler),
  );
  world.directory.add(child);
  const route = routeTo(destination, world.settings.gateway);
  if (isRefusal(route)) {
    child.turn('no route', () => {
      child.alert('no-carrier', `${child.facts.to}: ${route.reason}`);
      fail(child, route);
    });
    return child;
  }
  const { callerName, codecs } = options;
  void place(child, {
    ...route,
    fromUri: fromUri(from, options.fromHost ?? world.settings.localHost),
    ...(callerName !== undefined && { displayName: callerName }),
    headers: mergeHeaders(ownHeaders(parent), options.forwardIdentity ? identityOf(parent) : {}, options.headers),
    ...(codecs && { codecs }),
  });
  return child;
}

function shownTo({ to }: Dialled): string {
  return to.type === 'phone' ? to.number : to.type === 'sip' ? to.sipUri : to.name;
}

/** verbs.md 5.2: what goes with every leg, without what only the reference's own parts tell each other (sip-edge.md OR-34). */
function ownHeaders({ facts, leg }: Call): ExtraHeaders {
  const hops = leg.invite?.maxForwards;
  return {
    // A call that goes in circles through us ends (RFC 7332).
    ...(hops !== undefined && { 'Max-Forwards': String(hops - 1) }),
    'X-Account-Sid': facts.accountSid,
    ...(facts.applicationSid !== undefined && { 'X-Application-Sid': facts.applicationSid }),
    'X-CID': facts.sbcCallid ?? facts.callId,
  };
}

/** Who the caller's network says it is, and what of it may be shown (RFC 3325). */
function identityOf({ leg }: Call): ExtraHeaders {
  const asserted = leg.invite?.values('P-Asserted-Identity') ?? [];
  const privacy = leg.invite?.header('Privacy');
  return {
    ...(asserted.length > 0 && { 'P-Asserted-Identity': [...asserted] }),
    ...(privacy !== undefined && { Privacy: privacy }),
  };
}

/** In the child's turn: from now on it is a call of its own, runs these verbs, and survives its parent. */
export function adult(child: Call, steps: Step[]): void {
  const { parent } = child;
  if (!parent || child.ended) return;
  child.standAlone(parent.conversation.branch(child));
  child.events.append('adulted', { parent: parent.sid });
  // What its parent recorded ends with that; one that records all its calls goes on with this one.
  child.recordings.answered();
  // The answer's verbs are not used; a failure has been noted.
  child.conversation
    .ask('session:adulting', undefined, sessionAdulting(child.facts, parent.facts), { signal: child.leg.scope.signal })
    .catch(() => {});
  child.run(steps);
}
