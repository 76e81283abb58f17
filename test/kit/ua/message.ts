// SIP as text: just enough to read what comes and to copy what must be copied, independent of the program's own parser.

export interface Message {
  start: string;
  headers: [name: string, value: string][];
  body: string;
  text: string;
}

const compact: Record<string, string> = {
  v: 'via',
  f: 'from',
  t: 'to',
  m: 'contact',
  i: 'call-id',
  l: 'content-length',
  c: 'content-type',
};

export function parseMessage(text: string): Message {
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    return [compact[name] ?? name, line.slice(colon + 1).trim()];
  });
  return { start, headers, body: text.slice(end + 4), text };
}

export const all = (message: Message, name: string): string[] =>
  message.headers.filter(([n]) => n === name).map(([, value]) => value);

export const header = (message: Message, name: string): string => all(message, name.toLowerCase())[0] ?? '';

/** Undefined for a request. */
export function statusOf({ start }: Message): number | undefined {
  const match = /^SIP\/2\.0 (\d{3})/.exec(start);
  return match ? Number(match[1]) : undefined;
}

export const methodOf = (message: Message): string => /^[A-Z]+/.exec(message.start)?.[0] ?? '';

/** Address, port, payload types and direction of the audio line of an SDP. */
export function readSdp(sdp: string): { host: string; port: number; payloads: number[]; direction: string } {
  const host = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1] ?? '';
  const [, port = '0', payloads = ''] = /^m=audio (\d+) RTP\/AVP ([\d ]+)/m.exec(sdp) ?? [];
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(sdp)?.[1] ?? 'sendrecv';
  return { host, port: Number(port), payloads: payloads.trim().split(' ').map(Number), direction };
}

/** The messages that a stream holds so far, and what is left of it. */
export function splitStream(text: string): { messages: string[]; rest: string } {
  const messages: string[] = [];
  let rest = text.replace(/^(\r\n)+/, '');
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return { messages, rest };
    const length = Number(/\r\n(?:content-length|l)\s*:\s*(\d+)/i.exec(rest.slice(0, end + 2))?.[1] ?? 0);
    if (rest.length < end + 4 + length) return { messages, rest };
    messages.push(rest.slice(0, end + 4 + length));
    rest = rest.slice(end + 4 + length).replace(/^(\r\n)+/, '');
  }
}
