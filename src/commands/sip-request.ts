// sip_request: a request in the addressed leg's dialog; the answer is the far end's.
import { errorText, isFault, isObject, refuse } from '../base/index.ts';
import { badHeader, isOwnHeader, longestBody, ownMethods, textHeaders } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { badValue, needsAnswer } from './refusals.ts';

interface Request {
  method: string;
  contentType: string;
  content: string;
  headers: Record<string, string>;
}

export const sipRequest = defineCommand<Request>({
  rest: 'sip_request',
  ws: 'sip:request',
  needs: 'an answered call',
  summary:
    "Sends a SIP request in the addressed leg's dialog and answers with the far end's status: 408 when none has come after 32 s. Who answers so, or 481, does not know the call any more, and it is over (RFC 3261 12.2.1.2).",
  schema: {
    type: 'object',
    required: ['method', 'content_type', 'content'],
    properties: {
      method: { type: 'string' },
      content_type: { type: 'string' },
      content: { type: 'string' },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
  refuses: [
    "400 methods that are the call's own: ACK, BYE, CANCEL, INVITE, PRACK, UPDATE, REGISTER",
    "400 headers that are the dialog's own: Via, From, To, Call-ID, CSeq, Route, Record-Route, Content-Length, Content-Type",
  ],
  examples: [
    { sip_request: { method: 'INFO', content_type: 'text/plain', content: 'hello', headers: { 'X-Color': 'blue' } } },
  ],
  read(value) {
    if (!isObject(value)) return badValue('must be an object');
    const { method, content_type: contentType, content, headers = {} } = value;
    const missing = ['method', 'content_type', 'content'].find((name) => !value[name]);
    if (missing !== undefined)
      return badValue('sip_request requires method, content_type and content properties', missing);
    if (typeof method !== 'string' || !/^[A-Za-z]{2,20}$/.test(method))
      return badValue('must be a SIP method', 'method');
    if (ownMethods.has(method.toUpperCase())) return badValue(`${method} is not an application's to send`, 'method');
    if (typeof contentType !== 'string' || !/^[^\r\n]{1,256}$/.test(contentType))
      return badValue('must be one line of text', 'content_type');
    if (typeof content !== 'string') return badValue('must be text', 'content');
    // One that cannot be sent would be as if the far end had vanished.
    if (content.length > longestBody) return badValue(`must be at most ${longestBody} characters`, 'content');
    if (!isObject(headers)) return badValue('must be an object', 'headers');
    const own = Object.keys(headers).find(isOwnHeader);
    const wrong = own === undefined ? badHeader(headers, 'headers') : badValue("is the dialog's own", `headers.${own}`);
    return wrong ?? { method: method.toUpperCase(), contentType, content, headers: textHeaders(headers) };
  },
  allowed: needsAnswer,
  apply({ leg }, { method, contentType, content, headers }) {
    const answered = leg.request(method, { contentType, content }, headers);
    return {
      reply: answered.then(
        (response) => ({
          status: 200,
          body: {
            status: response.status,
            reason: response.reason,
            ...(response.body.length > 0 && {
              body: Buffer.from(response.body).toString('utf8'),
              content_type: response.contentType,
            }),
            headers: Object.fromEntries(response.lines.filter(([name]) => /^(x-|p-|warning|retry-after)/i.test(name))),
          },
        }),
        (error) =>
          isFault(error) && error.code === 'sip-timeout'
            ? { status: 200, body: { status: 408, reason: 'Request Timeout' } }
            : refuse('sip-request', errorText(error)),
      ),
    };
  },
});
