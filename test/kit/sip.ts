// For tests: stacks on a simulated network and a virtual clock, all from one seed.
import { type Address, type Clock, silentLog, type UdpSocket } from '../../src/base/index.ts';
import { type SeededRandom, type SimHost, SimNet, seededRandom, VirtualClock } from '../../src/base/sim/index.ts';
import {
  createSipStack,
  type IncomingInvite,
  type MessageBody,
  type SipStack,
  type SipStackOptions,
  type SipTrace,
} from '../../src/sip/index.ts';

export const sdp = (text = 'v=0'): MessageBody => ({ contentType: 'application/sdp', content: `${text}\r\n` });

export interface RigStack extends SipStack {
  readonly host: SimHost;
  /** What it sent and received, as `> INVITE`, `< 200 INVITE`, in order; with a trailing `*` for repeats. */
  readonly log: string[];
  readonly traces: SipTrace[];
  readonly invites: IncomingInvite[];
  uri(user: string, suffix?: string): string;
}

export class SipRig {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly net: SimNet;
  readonly stacks: RigStack[] = [];

  constructor(seed = 1) {
    this.random = seededRandom(seed);
    this.net = new SimNet({ clock: this.clock, random: this.random.fork('net') });
  }

  async stack(ip: string, options: Partial<SipStackOptions> = {}): Promise<RigStack> {
    const host = this.net.host(ip);
    const inner = createSipStack({
      clock: this.clock,
      random: this.random.fork(ip),
      network: host,
      log: silentLog,
      bind: { host: ip, port: 5060 },
      userAgent: 'crosspoint-test',
      ...options,
    });
    await this.clock.settle(inner.start());
    const log: string[] = [];
    const traces: SipTrace[] = [];
    const invites: IncomingInvite[] = [];
    inner.onTrace = (trace) => {
      log.push(traceLine(trace));
      traces.push(trace);
    };
    inner.onInvite = (invite) => void invites.push(invite);
    const uri = (user: string, suffix = ''): string => `sip:${user}@${ip}:${inner.udp.port}${suffix}`;
    const stack = Object.assign(inner, { host, log, traces, invites, uri });
    this.stacks.push(stack);
    return stack;
  }

  /** Runs all timers out. */
  async end(): Promise<void> {
    await this.clock.runUntilIdle();
  }

  /** Closes the stacks; what is still open then is a leak. */
  async close(): Promise<void> {
    for (const stack of this.stacks) await this.clock.settle(stack.close());
  }
}

function traceLine({ direction, message, retransmission }: SipTrace): string {
  const what = message.kind === 'request' ? message.method : `${message.status} ${message.cseq.method}`;
  return `${direction === 'in' ? '<' : '>'} ${what}${retransmission ? '*' : ''}`;
}

/** A peer that speaks only what a test tells it to, over UDP. */
export class RawPeer {
  /** What came, as text, oldest first. */
  readonly received: string[] = [];
  /** When it came, in ms since the peer was opened or `restart()`. */
  times: number[] = [];
  readonly address: Address;
  readonly #socket: UdpSocket;
  readonly #clock: Clock;
  #start: number;

  private constructor(socket: UdpSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#start = clock.now();
    this.address = socket.local;
    socket.onMessage = (data) => {
      this.received.push(Buffer.from(data).toString('latin1'));
      this.times.push(clock.now() - this.#start);
    };
  }

  static async open(rig: SipRig, ip: string, port = 5060): Promise<RawPeer> {
    return new RawPeer(await rig.clock.settle(rig.net.host(ip).udp({ host: ip, port })), rig.clock);
  }

  /** Forgets what came and counts time from now. */
  restart(): void {
    this.received.length = 0;
    this.times = [];
    this.#start = this.#clock.now();
  }

  /** The latest message that begins so. */
  last(start: string): string {
    const found = this.received.findLast((text) => text.startsWith(start));
    if (found === undefined) throw new Error(`no "${start}" came, only: ${this.lines.join(' | ')}`);
    return found;
  }

  /** When messages that begin so came. */
  timesOf(start: string): number[] {
    return this.times.filter((_, at) => this.received[at]!.startsWith(start));
  }

  send(to: Address, message: string | Uint8Array): void {
    this.#socket.send(typeof message === 'string' ? Buffer.from(message) : message, to.port, to.host);
  }

  /** First lines of what came. */
  get lines(): string[] {
    return this.received.map((text) => text.slice(0, text.indexOf('\r\n')));
  }

  /** Status codes of the responses that came. */
  get statuses(): number[] {
    return this.lines.filter((line) => line.startsWith('SIP/2.0')).map((line) => Number(line.split(' ')[1]));
  }

  close(): void {
    this.#socket.close();
  }
}

/** A message from its lines. Content-Length is added when absent. */
export function message(lines: readonly string[], body = ''): string {
  const length = lines.some((line) => /^content-length/i.test(line))
    ? []
    : [`Content-Length: ${Buffer.byteLength(body)}`];
  return `${[...lines, ...length].join('\r\n')}\r\n\r\n${body}`;
}

export interface RawRequest {
  method?: string;
  uri?: string;
  branch?: string;
  callId?: string;
  cseq?: number;
  fromTag?: string;
  toTag?: string;
  /** More header lines, or ones that replace the usual line of the same name. An empty value takes it away. */
  headers?: Record<string, string>;
  body?: string;
}

let branches = 0;

/** A request as from a peer at `from`; what is not said has a usual value. */
export function rawRequest(from: Address, options: RawRequest = {}): string {
  const {
    method = 'INVITE',
    uri = 'sip:bob@10.0.0.2',
    callId = 'call-1',
    cseq = 1,
    fromTag = 'raw',
    body = '',
  } = options;
  const { branch = `z9hG4bKraw${++branches}`, toTag } = options;
  const headers: Record<string, string> = {
    Via: `SIP/2.0/UDP ${from.host}:${from.port};branch=${branch};rport`,
    'Max-Forwards': '70',
    From: `<sip:raw@${from.host}>;tag=${fromTag}`,
    To: `<sip:bob@10.0.0.2>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    'Call-ID': callId,
    CSeq: `${cseq} ${method}`,
    Contact: `<sip:raw@${from.host}:${from.port}>`,
    ...(body === '' ? {} : { 'Content-Type': 'application/sdp' }),
    ...options.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]));
  return message([`${method} ${uri} SIP/2.0`, ...lines], body);
}

/** A response to a request received as text: Via, From, To, Call-ID and CSeq are copied. */
export function rawResponse(
  request: string,
  status: string,
  options: { toTag?: string; headers?: Record<string, string>; body?: string } = {},
): string {
  const copied = request
    .split('\r\n\r\n')[0]!
    .split('\r\n')
    .filter((line) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/i.test(line))
    .map((line) =>
      /^To:/i.test(line) && options.toTag && !/;tag=/.test(line) ? `${line};tag=${options.toTag}` : line,
    );
  const more = Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  return message([`SIP/2.0 ${status}`, ...copied, ...more], options.body);
}

/** Value of a header of a message as text. */
export const headerOf = (text: string, name: string): string | undefined =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(text.split('\r\n\r\n')[0]!.replaceAll('\r', ''))?.[1];

/** The tag of From or To. */
export const tagOf = (text: string, name: 'From' | 'To'): string | undefined =>
  /;tag=([^;\s]+)/.exec(headerOf(text, name) ?? '')?.[1];
