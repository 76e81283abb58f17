// An independent SIP user agent: text templates over node:dgram or node:net. It shares no code with the program it judges.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket as TcpSocket, connect as tcpConnect } from 'node:net';
import { until } from '../until.ts';
import { all, header, type Message, methodOf, parseMessage, readSdp, splitStream, statusOf } from './message.ts';
import { digitPayload, RtpPeer } from './rtp.ts';

/** RFC 3261 timer T1. */
const resendMs = 500;
let count = 0;
const unique = (): string => `${process.pid.toString(36)}x${count++}`;

type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What carries the messages: one socket, or one connection and a listener for what the other side opens. */
interface Carrier {
  port: number;
  send(text: string): void;
  close(): void;
}

async function udpCarrier(server: number, take: (text: string) => void): Promise<Carrier> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes) => take(bytes.toString('latin1')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    send: (text) => socket.send(Buffer.from(text, 'latin1'), server, '127.0.0.1'),
    close: () => socket.close(),
  };
}

async function tcpCarrier(server: number, take: (text: string) => void): Promise<Carrier> {
  const open = new Set<TcpSocket>();
  const listen = (socket: TcpSocket): void => {
    let waiting = '';
    open.add(socket);
    socket.setEncoding('latin1').on('data', (text: string) => {
      const { messages, rest } = splitStream(waiting + text);
      waiting = rest;
      for (const message of messages) take(message);
    });
    socket.on('error', () => socket.destroy());
  };
  const listener = createServer(listen).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const connection = tcpConnect(server, '127.0.0.1');
  listen(connection);
  await once(connection, 'connect');
  return {
    port: (listener.address() as { port: number }).port,
    send: (text) => connection.write(Buffer.from(text, 'latin1')),
    close() {
      listener.close();
      for (const socket of open) socket.destroy();
    },
  };
}

export class Ua {
  readonly transport: 'udp' | 'tcp';
  readonly server: number;
  readonly calls: UaCall[] = [];
  #carrier!: Carrier;

  private constructor(transport: 'udp' | 'tcp', server: number) {
    this.transport = transport;
    this.server = server;
  }

  static async open(transport: 'udp' | 'tcp', server: number): Promise<Ua> {
    const ua = new Ua(transport, server);
    const carry = transport === 'udp' ? udpCarrier : tcpCarrier;
    ua.#carrier = await carry(server, (text) => ua.#take(text));
    return ua;
  }

  get contact(): string {
    return `sip:ua@127.0.0.1:${this.#carrier.port}${this.transport === 'tcp' ? ';transport=tcp' : ''}`;
  }

  via(branch: string): string {
    return `SIP/2.0/${this.transport.toUpperCase()} 127.0.0.1:${this.#carrier.port};branch=z9hG4bK${branch};rport`;
  }

  send(text: string): void {
    this.#carrier.send(text);
  }

  /** Calls `user` at the server and waits for the answer. */
  async call(user: string): Promise<UaCall> {
    const call = await this.dial(user);
    await until(() => call.finalStatus, { what: 'a final response to INVITE' });
    return call;
  }

  async dial(user: string): Promise<UaCall> {
    const call = new UaCall(this, user, await RtpPeer.open());
    this.calls.push(call);
    call.invite();
    return call;
  }

  #take(text: string): void {
    if (text.trim() === '') return;
    const message = parseMessage(text);
    const call = this.calls.find((one) => one.callId === header(message, 'Call-ID'));
    if (call) call.take(message);
  }

  close(): void {
    for (const call of this.calls) call.close();
    this.#carrier.close();
  }
}

interface Waiting {
  text: string;
  timer: NodeJS.Timeout | undefined;
  final: Message | undefined;
}

export class UaCall {
  readonly callId = `${unique()}@independent`;
  readonly rtp: RtpPeer;
  /** In-dialog requests of the server, each once. */
  readonly requests: Message[] = [];
  answer: Message | undefined;
  refusal: Message | undefined;
  finalStatus: number | undefined;
  byed: Message | undefined;
  readonly #ua: Ua;
  readonly #uri: string;
  readonly #fromTag = unique();
  #to: string;
  #target: string;
  #cseq = 1;
  readonly #transactions = new Map<string, Waiting>();
  readonly #inviteBranch = unique();

  constructor(ua: Ua, user: string, rtp: RtpPeer) {
    this.#ua = ua;
    this.#uri = `sip:${user}@127.0.0.1:${ua.server}`;
    this.#to = `<${this.#uri}>`;
    this.#target = this.#uri;
    this.rtp = rtp;
  }

  /** Why the call was refused. */
  get reason(): string {
    return this.refusal ? `${this.refusal.start} ${header(this.refusal, 'X-Reason')}` : '';
  }

  get callSid(): string {
    return this.answer ? header(this.answer, 'X-Call-Sid') : '';
  }

  sdp(direction: Direction = 'sendrecv'): string {
    const { port } = this.rtp;
    return [
      'v=0',
      'o=ua 1 1 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${port} RTP/AVP 0 ${digitPayload}`,
      'a=rtpmap:0 PCMU/8000',
      `a=rtpmap:${digitPayload} telephone-event/8000`,
      `a=fmtp:${digitPayload} 0-15`,
      `a=${direction}`,
      '',
    ].join('\r\n');
  }

  invite(): void {
    void this.#request('INVITE', { branch: this.#inviteBranch, body: this.sdp() });
  }

  #compose(method: string, { branch, cseq, body = '' }: { branch: string; cseq: number; body?: string }): string {
    return [
      `${method} ${this.#target} SIP/2.0`,
      `Via: ${this.#ua.via(branch)}`,
      'Max-Forwards: 70',
      `From: "UA" <sip:+15550001111@127.0.0.1>;tag=${this.#fromTag}`,
      `To: ${this.#to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <${this.#ua.contact}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }

  /** Sends a request, again and again on UDP, until any response comes; resolves with the final one. */
  async #request(method: string, { branch = unique(), body = '' } = {}): Promise<Message> {
    const text = this.#compose(method, { branch, cseq: this.#cseq++, body });
    const waiting: Waiting = { text, timer: undefined, final: undefined };
    if (this.#ua.transport === 'udp') waiting.timer = setInterval(() => this.#ua.send(text), resendMs);
    this.#transactions.set(branch, waiting);
    this.#ua.send(text);
    return until(() => waiting.final, { what: `a final response to ${method}`, withinMs: 60_000 });
  }

  #ack(response: Message): void {
    const success = (statusOf(response) ?? 0) < 300;
    const cseq = Number.parseInt(header(response, 'CSeq'), 10);
    // The ACK of a failure belongs to the INVITE's transaction, that of a success is its own (RFC 3261 17.1.1.3, 13.2.2.4).
    const branch = success ? unique() : (/branch=z9hG4bK([^;]+)/.exec(all(response, 'via')[0] ?? '')?.[1] ?? '');
    this.#ua.send(this.#compose('ACK', { branch, cseq }));
  }

  take(message: Message): void {
    const status = statusOf(message);
    if (status === undefined) return this.#serve(message);
    const branch = /branch=z9hG4bK([^;]+)/.exec(all(message, 'via')[0] ?? '')?.[1] ?? '';
    const waiting = this.#transactions.get(branch);
    if (!waiting) return;
    clearInterval(waiting.timer);
    if (status < 200) return;
    if (/INVITE/.test(header(message, 'CSeq'))) this.#inviteAnswered(message, status);
    waiting.final ??= message;
  }

  #inviteAnswered(message: Message, status: number): void {
    this.finalStatus ??= status;
    if (status >= 300) this.refusal ??= message;
    if (status < 300) {
      this.answer ??= message;
      this.#to = header(message, 'To');
      this.#target = /<([^>]+)>/.exec(header(message, 'Contact'))?.[1] ?? this.#target;
      const { host, port } = readSdp(message.body);
      if (port !== 0) this.rtp.aim(host, port);
    }
    this.#ack(message);
  }

  #serve(request: Message): void {
    const method = methodOf(request);
    if (method === 'ACK') return;
    const repeated = this.requests.some((one) => header(one, 'CSeq') === header(request, 'CSeq'));
    if (!repeated) this.requests.push(request);
    if (method === 'BYE') this.byed ??= request;
    const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].flatMap((name) =>
      all(request, name.toLowerCase()).map((value) => `${name}: ${value}`),
    );
    this.#ua.send(
      ['SIP/2.0 200 OK', ...copied, `Contact: <${this.#ua.contact}>`, 'Content-Length: 0', '', ''].join('\r\n'),
    );
  }

  /** A re-INVITE; answers the SDP that came back. */
  async reinvite(direction: Direction): Promise<ReturnType<typeof readSdp> & { status: number }> {
    const response = await this.#request('INVITE', { body: this.sdp(direction) });
    return { ...readSdp(response.body), status: statusOf(response) ?? 0 };
  }

  async bye(): Promise<number> {
    return statusOf(await this.#request('BYE')) ?? 0;
  }

  close(): void {
    for (const { timer } of this.#transactions.values()) clearInterval(timer);
    this.rtp.close();
  }
}
