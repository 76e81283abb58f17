// Looks at a message once, before anybody else does: what must be refused or dropped at sight (RFC 3261 8.1.3.3, 8.2, 16.3, RFC 4475).
import { isSipParseError } from './error.ts';
import type { SipRequest, SipResponse, SipUri } from './types.ts';

/** What is wrong. Without a status the message is to be dropped: it is a response or an ACK, which nobody answers. */
export interface Insanity {
  status: number | undefined;
  reason: string;
}

/** Headers that may stand in a message once only. */
const onlyOnce = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards', 'Content-Type'];
const schemes = new Set(['sip', 'sips', 'tel']);
const magicCookie = 'z9hg4bk';

/** undefined when the message is fit for the transaction layer: all its mandatory and routing headers can then be read. */
export function sanityCheck(message: SipRequest | SipResponse): Insanity | undefined {
  try {
    const wrong =
      checkHeaders(message) ?? (message.kind === 'request' ? checkRequest(message) : checkResponse(message));
    return wrong && answerable(message) ? wrong : wrong && { ...wrong, status: undefined };
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return { status: answerable(message) ? error.status : undefined, reason: error.message };
  }
}

const answerable = (message: SipRequest | SipResponse): boolean =>
  message.kind === 'request' && message.method !== 'ACK';

const bad = (reason: string): Insanity => ({ status: 400, reason });

/** Reading a header throws when it is missing or malformed. */
function checkHeaders(message: SipRequest | SipResponse): Insanity | undefined {
  const seen = new Set<string>();
  for (const [name] of message.lines) {
    if (seen.has(name) && onlyOnce.includes(name)) return bad(`${name}: more than one`);
    seen.add(name);
  }
  void [message.from, message.to, message.callId, message.contacts, message.routes, message.recordRoutes];
  if (message.vias.length === 0) return bad('Via: missing');
  const cseq = message.cseq;
  if (message.kind === 'request' && cseq.method !== message.method)
    return bad('CSeq: not the method of the request line');
  return undefined;
}

function checkRequest(request: SipRequest): Insanity | undefined {
  void request.maxForwards;
  if (request.vias[0]!.params.get('branch')?.toLowerCase() === magicCookie) return bad('Via: branch has no identifier');
  return checkRequestUri(request.uri);
}

function checkRequestUri(uri: SipUri): Insanity | undefined {
  if (!schemes.has(uri.scheme)) return { status: 416, reason: `URI scheme ${uri.scheme} is not supported` };
  if (uri.headers.length > 0) return bad('Request-URI has headers');
  return undefined;
}

/** A response with a second Via is not ours (RFC 3261 8.1.3.3). */
function checkResponse(response: SipResponse): Insanity | undefined {
  return response.vias.length > 1 ? bad('Via: more than one in a response') : undefined;
}
