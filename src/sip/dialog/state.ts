// What identifies a dialog and routes its requests: RFC 3261 12.1 (creation), 12.2.1.1 (requests), as plain data.
import { parseNameAddr, printUri, type SipRequest, type SipResponse, type SipUri } from '../message/index.ts';

export interface DialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** URIs of From and To. */
  readonly localUri: string;
  readonly remoteUri: string;
  /** From and To as they stand in our requests, tags included. */
  readonly from: string;
  readonly to: string;
  /** CSeq of our latest request. */
  localSeq: number;
  /** CSeq of the far end's latest request; undefined before the first. */
  remoteSeq: number | undefined;
  remoteTarget: string;
  /** Route header values in order. Never changes once the dialog is confirmed (RFC 3261 12.2). */
  routes: readonly string[];
}

/** Peers of RFC 2543's time send no tag (RFC 3261 12.1.1). */
const NO_TAG = '';

export const dialogKey = (callId: string, localTag: string, remoteTag: string): string =>
  `${callId} ${localTag} ${remoteTag}`;

/** Key of the dialog that a request from the far end belongs to; undefined when it has no To tag. */
export const requestDialogKey = (request: SipRequest): string | undefined =>
  request.toTag === undefined ? undefined : dialogKey(request.callId, request.toTag, request.fromTag ?? NO_TAG);

/** RFC 3261 12.1.1, from an INVITE without To tag. */
export function serverDialog(invite: SipRequest, options: { localTag: string; firstCSeq: number }): DialogState {
  return {
    callId: invite.callId,
    localTag: options.localTag,
    remoteTag: invite.fromTag ?? NO_TAG,
    localUri: printUri(invite.to.uri),
    remoteUri: printUri(invite.from.uri),
    from: `${invite.header('To')!};tag=${options.localTag}`,
    to: invite.header('From')!,
    localSeq: options.firstCSeq,
    remoteSeq: invite.cseq.number,
    remoteTarget: contactOf(invite) ?? printUri(invite.from.uri),
    routes: invite.values('Record-Route'),
  };
}

/** RFC 3261 12.1.2. A response without Contact (against the RFC) leaves the Request-URI as target. */
export function clientDialog(invite: SipRequest, response: SipResponse): DialogState {
  return {
    callId: invite.callId,
    localTag: invite.fromTag!,
    remoteTag: response.toTag ?? NO_TAG,
    localUri: printUri(invite.from.uri),
    remoteUri: printUri(response.to.uri),
    from: invite.header('From')!,
    to: response.header('To')!,
    localSeq: invite.cseq.number,
    remoteSeq: undefined,
    remoteTarget: contactOf(response) ?? invite.uriText,
    routes: response.values('Record-Route').reverse(),
  };
}

/** URI of the first Contact, or undefined. */
export function contactOf(message: SipRequest | SipResponse): string | undefined {
  const contact = message.contacts[0];
  return contact === undefined ? undefined : requestUri(contact.uri);
}

export interface RequestPath {
  readonly uri: string;
  readonly routes: readonly string[];
  readonly nextHop: string;
}

/** Request-URI, Route headers and next hop from a target and a route set: loose or strict (RFC 3261 12.2.1.1, 8.1.2). */
export function pathOf(target: string, routes: readonly string[]): RequestPath {
  const first = routes[0];
  if (first === undefined) return { uri: target, routes, nextHop: target };
  const { uri } = parseNameAddr(first);
  if (uri.params.has('lr')) return { uri: target, routes, nextHop: printUri(uri) };
  const nextHop = printUri(uri);
  // A strict router finds itself in the Request-URI and the target at the end.
  return { uri: requestUri(uri), routes: [...routes.slice(1), `<${target}>`], nextHop };
}

/** As it may stand in a request line: without headers and `method` (RFC 3261 19.1.1, table 1). */
function requestUri(uri: SipUri): string {
  if (uri.headers.length === 0 && !uri.params.has('method')) return printUri(uri);
  const params = new Map(uri.params);
  params.delete('method');
  return printUri({ ...uri, params, headers: [] });
}
