// SIP as text, written and read by the shortest means: the load generator shares no code with the server it loads.

/** What tells one call of the generator from another. */
export interface Names {
  /** Also the Call-ID. */
  id: string;
  user: string;
  server: string;
  /** Our SIP port on 127.0.0.1. */
  port: number;
}

const body = (rtpPort: number): string =>
  `v=0\r\no=load 1 1 IN IP4 127.0.0.1\r\ns=load\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${rtpPort} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n`;

const lines = (parts: string[], content = ''): string =>
  `${parts.join('\r\n')}\r\n${content === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${content.length}\r\n\r\n${content}`;

const via = ({ port, id }: Names, branch: string): string =>
  `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK${branch}${id}`;

const from = ({ port, id }: Names): string => `From: <sip:load@127.0.0.1:${port}>;tag=f${id}`;

export const invite = (call: Names, rtpPort: number): string =>
  lines(
    [
      `INVITE sip:${call.user}@${call.server} SIP/2.0`,
      via(call, 'i'),
      'Max-Forwards: 70',
      from(call),
      `To: <sip:${call.user}@${call.server}>`,
      `Call-ID: ${call.id}`,
      'CSeq: 1 INVITE',
      `Contact: <sip:load@127.0.0.1:${call.port}>`,
      'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE',
    ],
    body(rtpPort),
  );

/** `to` is the To header's value with the far end's tag; `target` the far end's Contact. */
export const inDialog = (
  call: Names,
  method: 'ACK' | 'BYE',
  { to, target, failed = false }: { to: string; target: string; failed?: boolean },
): string =>
  lines([
    `${method} ${target} SIP/2.0`,
    via(call, failed ? 'i' : method[0]!.toLowerCase()),
    'Max-Forwards: 70',
    from(call),
    `To: ${to}`,
    `Call-ID: ${call.id}`,
    `CSeq: ${method === 'ACK' ? 1 : 2} ${method}`,
  ]);

/** 200 to a request of the far end, with a description of ours where one is due. */
export function ok(request: string, port: number, rtpPort: number): string {
  const kept = request
    .split('\r\n\r\n')[0]!
    .split('\r\n')
    .filter((line) => /^(via|from|to|call-id|cseq):/i.test(line))
    // A call that comes in has no tag of ours yet; its Call-ID makes one that stays the same.
    .map((line) => (/^to:(?!.*;tag=)/i.test(line) ? `${line};tag=t${header(request, 'Call-ID').slice(0, 12)}` : line));
  const content = /^(INVITE|UPDATE) /.test(request) && request.includes('\r\nm=audio ') ? body(rtpPort) : '';
  return lines(['SIP/2.0 200 OK', ...kept, `Contact: <sip:load@127.0.0.1:${port}>`], content);
}

/** A header's first value; empty when absent. */
export function header(message: string, name: string): string {
  const at = message.indexOf(`\r\n${name}: `);
  if (at < 0) return '';
  const start = at + name.length + 4;
  return message.slice(start, message.indexOf('\r\n', start));
}
