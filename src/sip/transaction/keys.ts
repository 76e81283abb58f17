// How messages find their transaction (RFC 3261 17.1.3, 17.2.3, 8.2.2.2).
import type { SipRequest, SipResponse } from '../message/index.ts';

/** Branches that begin so are unique in space and time (RFC 3261 8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK';

export const clientKey = (branch: string, method: string): string => `${branch} ${method}`;

/** A response belongs to the client transaction of its top branch and CSeq method. */
export const responseKey = (response: SipResponse): string | undefined => {
  const branch = response.vias[0]?.params.get('branch');
  return branch === undefined ? undefined : clientKey(branch, response.cseq.method);
};

/**
 * A request belongs to the server transaction of its top Via's branch and sent-by, and its method; ACK and CANCEL look for
 * the INVITE's (`method` says so). Without the cookie (RFC 2543 peers) what identifies the request is compared instead.
 */
export function serverKey(request: SipRequest, method = request.method === 'ACK' ? 'INVITE' : request.method): string {
  const via = request.vias[0]!;
  const branch = via.params.get('branch');
  const sentBy = `${via.host}:${via.port ?? ''}`;
  if (branch?.startsWith(MAGIC_COOKIE) && branch.length > MAGIC_COOKIE.length) return `${branch} ${sentBy} ${method}`;
  return [request.callId, request.cseq.number, request.fromTag, request.uriText, sentBy, method].join(' ');
}

/** The same for copies of a request that came by several ways; undefined inside a dialog. */
export const mergeKey = (request: SipRequest): string | undefined =>
  request.toTag === undefined
    ? `${request.callId} ${request.fromTag ?? ''} ${request.cseq.number} ${request.method}`
    : undefined;
