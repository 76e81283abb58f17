// An independent SIP user agent: text templates over UDP or TCP. It shares no code with the program it judges.
import { until } from '../until.ts';
import { type Carrier, tcpCarrier, udpCarrier } from './carrier.ts';
import { all, header, type Message, methodOf, parseMessage, readSdp, statusOf } from './message.ts';
import { digitPayload, RtpPeer } from './rtp.ts';

/** RFC 3261 timer T1. */
const resendMs = 500;
let count = 0;
const unique = (): string => `${process.pid.toString(36)}x${count++}`;

type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export class Ua {
  readonly transport: 'udp' | 'tcp';
  readonly server: number;
  readonly calls: UaCall[] = [];
  /** A call that comes in; unless told otherwise it is answered at once. */
  onInvite: (call: UaCall) => void = (call) => call.answerCall();
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

  /** Packet time of its calls. */
  ptimeMs = 20;

  async dial(user: string): Promise<UaCall> {
    const uri = `sip:${user}@127.0.0.1:${this.server}`;
    const call = new UaCall(this, await RtpPeer.open(), {
      callId: `${unique()}@independent`,
      local: `"UA" <sip:+15550001111@127.0.0.1>;tag=${unique()}`,
      remote: `<${uri}>`,
      target: uri,
    });
    call.rtp.ptimeMs = this.ptimeMs;
    this.calls.push(call);
    call.invite();
    return call;
  }

  #take(text: string): void {
    if (text.trim() === '') return;
    const message = parseMessage(text);
    const call = this.calls.find((one) => one.callId === header(message, 'Call-ID'));
    if (call) call.take(message);
    else if (methodOf(message) === 'INVITE') void this.#called(message);
  }

  /** Retransmissions that come before the socket is open find no call yet; the first one counts. */
  readonly #opening = new Set<string>();

  async #called(invite: Message): Promise<void> {
    const callId = header(invite, 'Call-ID');
    if (this.#opening.has(callId)) return;
    this.#opening.add(callId);
    const contact = /<([^>]+)>/.exec(header(invite, 'Contact'))?.[1] ?? '';
    const call = new UaCall(this, await RtpPeer.open(), {
      callId,
      local: `${header(invite, 'To')};tag=${unique()}`,
      remote: header(invite, 'From'),
      target: contact,
      invite,
    });
    call.rtp.ptimeMs = this.ptimeMs;
    this.calls.push(call);
    this.onInvite(call);
  }

  close(): void {
    for (const call of this.calls) call.close();
    this.#carrier.close();
  }
}

/** Our side of a hold: what we may still do, of what we would. */
function answerTo(offered: string, wanted: Direction): Direction {
  const send = wanted.startsWith('send') && offered !== 'sendonly' && offered !== 'inactive';
  const receive = /recv/.test(wanted) && offered !== 'recvonly' && offered !== 'inactive';
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

interface Waiting {
  text: string;
  timer: NodeJS.Timeout | undefined;
  final: Message | undefined;
}

/** Who talks with whom, as the headers say it. */
interface Ends {
  callId: string;
  /** From of our requests. */
  local: string;
  /** Their To. */
  remote: string;
  target: string;
  /** That called us. */
  invite?: Message;
}

export class UaCall {
  readonly callId: string;
  readonly rtp: RtpPeer;
  /** The INVITE that called us. */
  readonly invited: Message | undefined;
  /** It was cancelled before it was answered. */
  cancelled: Message | undefined;
  /** In-dialog requests of the server, each once. */
  readonly requests: Message[] = [];
  answer: Message | undefined;
  refusal: Message | undefined;
  finalStatus: number | undefined;
  byed: Message | undefined;
  readonly #ua: Ua;
  readonly #local: string;
  #to: string;
  #target: string;
  #cseq = 1;
  readonly #transactions = new Map<string, Waiting>();
  readonly #inviteBranch = unique();

  constructor(ua: Ua, rtp: RtpPeer, { callId, local, remote, target, invite }: Ends) {
    this.#ua = ua;
    this.callId = callId;
    this.#local = local;
    this.#to = remote;
    this.#target = target;
    this.invited = invite;
    this.rtp = rtp;
  }

  /** Why the call was refused. */
  get reason(): string {
    return this.refusal ? `${this.refusal.start} ${header(this.refusal, 'X-Reason')}` : '';
  }

  get callSid(): string {
    return header(this.answer ?? this.invited ?? { start: '', headers: [], body: '', text: '' }, 'X-Call-Sid');
  }

  #sdpVersion = 0;

  sdp(direction: Direction = 'sendrecv'): string {
    const { port } = this.rtp;
    return [
      'v=0',
      `o=ua 1 ${++this.#sdpVersion} IN IP4 127.0.0.1`,
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${port} RTP/AVP 0 ${digitPayload}`,
      'a=rtpmap:0 PCMU/8000',
      `a=rtpmap:${digitPayload} telephone-event/8000`,
      `a=fmtp:${digitPayload} 0-15`,
      `a=ptime:${this.rtp.ptimeMs}`,
      `a=${direction}`,
      '',
    ].join('\r\n');
  }

  invite(): void {
    void this.#request('INVITE', { branch: this.#inviteBranch, body: this.sdp() });
  }

  #compose(
    method: string,
    {
      branch,
      cseq,
      body = '',
      headers = [],
    }: { branch: string; cseq: number; body?: string; headers?: readonly string[] },
  ): string {
    return [
      `${method} ${this.#target} SIP/2.0`,
      `Via: ${this.#ua.via(branch)}`,
      'Max-Forwards: 70',
      `From: ${this.#local}`,
      `To: ${this.#to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <${this.#ua.contact}>`,
      ...headers,
      ...(body === '' || headers.some((line) => /^content-type:/i.test(line)) ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }

  /** Sends a request, again and again on UDP, until any response comes; resolves with the final one. */
  async #request(
    method: string,
    {
      branch = unique(),
      body = '',
      headers = [],
    }: { branch?: string; body?: string; headers?: readonly string[] } = {},
  ): Promise<Message> {
    const text = this.#compose(method, { branch, cseq: this.#cseq++, body, headers });
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
      this.#aimAt(message.body);
    }
    this.#ack(message);
  }

  /** How a re-INVITE of the server is answered; our own address when nothing else is said. */
  direction: Direction = 'sendrecv';
  /** What a request of the server is answered, when not 200. */
  answers: (request: Message) => number = () => 200;
  #answered: string | undefined;

  #serve(request: Message): void {
    const method = methodOf(request);
    if (method === 'ACK') {
      // The answer to our late offer's.
      if (request.body !== '') this.#aimAt(request.body);
      return;
    }
    if (method === 'INVITE' && header(request, 'CSeq') === header(this.invited ?? request, 'CSeq') && this.invited) {
      if (this.#answered !== undefined) this.#ua.send(this.#answered);
      return;
    }
    const repeated = this.requests.some((one) => header(one, 'CSeq') === header(request, 'CSeq'));
    if (!repeated) this.requests.push(request);
    if (method === 'CANCEL') {
      this.cancelled ??= request;
      this.#ua.send(this.#response(request, 200));
      if (this.#answered === undefined && this.invited) this.refuse(487);
      return;
    }
    if (method === 'BYE') this.byed ??= request;
    const status = this.answers(request);
    if (method !== 'INVITE' || status >= 300) return this.#ua.send(this.#response(request, status));
    if (request.body !== '') this.#aimAt(request.body);
    this.#ua.send(this.#response(request, 200, this.sdp(answerTo(readSdp(request.body).direction, this.direction))));
  }

  #aimAt(sdp: string): void {
    const { host, port } = readSdp(sdp);
    if (port !== 0) this.rtp.aim(host, port);
  }

  #response(request: Message, status: number, body = ''): string {
    const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].flatMap((name) =>
      all(request, name.toLowerCase()).map((value) =>
        name === 'To' && !/;tag=/.test(value) ? `To: ${this.#local}` : `${name}: ${value}`,
      ),
    );
    return [
      `SIP/2.0 ${status} ${status === 200 ? 'OK' : 'Because'}`,
      ...copied,
      `Contact: <${this.#ua.contact}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }

  /** A provisional answer to the call that came; with `media` it brings sound. */
  ring(status = 180, media = false): void {
    if (media) this.#aimAt(this.invited!.body);
    this.#ua.send(this.#response(this.invited!, status, media ? this.sdp() : ''));
  }

  /** Takes the call that came, and sends the 200 until it is acknowledged or the call is over. */
  answerCall(): void {
    this.finalStatus = 200;
    this.#answered = this.#response(this.invited!, 200, this.sdp());
    this.#ua.send(this.#answered);
    this.#aimAt(this.invited!.body);
  }

  refuse(status: number): void {
    this.finalStatus = status;
    this.#answered = this.#response(this.invited!, status);
    this.#ua.send(this.#answered);
  }

  /** A request in the dialog; answers the final response. */
  async ask(method: string, headers: readonly string[] = [], body = ''): Promise<Message> {
    return this.#request(method, { headers, body });
  }

  /** A re-INVITE; answers the SDP that came back. */
  async reinvite(direction: Direction): Promise<ReturnType<typeof readSdp> & { status: number }> {
    const response = await this.#request('INVITE', { body: this.sdp(direction) });
    return { ...readSdp(response.body), status: statusOf(response) ?? 0 };
  }

  /** Either side has hung up. */
  get over(): boolean {
    return this.#left || this.byed !== undefined;
  }

  #left = false;

  async bye(): Promise<number> {
    this.#left = true;
    return statusOf(await this.#request('BYE')) ?? 0;
  }

  close(): void {
    for (const { timer } of this.#transactions.values()) clearInterval(timer);
    this.rtp.close();
  }
}
