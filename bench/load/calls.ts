// The generator's calls: placed at a rate, answered, held, hung up; retransmitted and given up as RFC 3261 says.
import { createSocket, type Socket } from 'node:dgram';
import { type Spread, spread } from './figures.ts';
import { type RtpLoad, Stream } from './rtp.ts';
import { header, inDialog, invite, type Names, ok } from './sip-text.ts';

const t1Ms = 500;
const giveUpMs = 32_000;
const housekeepMs = 10;

export interface Tally {
  placed: number;
  answered: number;
  /** By SIP status. */
  refused: Record<string, number>;
  unanswered: number;
  retransmitted: number;
  endedByServer: number;
  byesUnanswered: number;
  setup: Spread;
  /** From INVITE. */
  firstAudio: Spread;
  bye: Spread;
  /** Calls answered in whose time no audio came. */
  silent: number;
}

interface Call extends Names {
  index: number;
  state: 'inviting' | 'up' | 'ending';
  text: string;
  provisional: boolean;
  /** Of the INVITE or the BYE. */
  sentAt: number;
  retryAt: number;
  retryMs: number;
  invitedAt: number;
  endAt: number;
  to: string;
  target: string;
  stream: Stream | undefined;
}

export interface Order {
  calls: number;
  perSecond: number;
  /** From the answer to our BYE; 0 leaves the call up. */
  holdMs: number;
}

export class CallLoad {
  readonly #rtp: RtpLoad;
  readonly #socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 });
  readonly #server: { host: string; port: number };
  readonly #user: string;
  readonly #run = Math.random().toString(36).slice(2, 8);
  readonly #calls = new Map<string, Call>();
  /** Streams of calls that came in, by Call-ID: taken at once, until the server hangs up. */
  readonly #taken = new Map<string, Stream>();
  #index = 0;
  #rtpPort = 0;
  #port = 0;
  #order: Order = { calls: 0, perSecond: 0, holdMs: 0 };
  #orderedAt = 0;
  #placed = 0;
  #housekeptAt = 0;
  /** Calls being hung up one after another. */
  #ending: { queue: Call[]; perSecond: number; from: number; done: number } | undefined;
  #settled: (() => void) | undefined;
  #tally = emptyTally();

  constructor(rtp: RtpLoad, { server, user }: { server: string; user: string }) {
    const [host = '', port] = server.split(':');
    this.#rtp = rtp;
    this.#server = { host, port: Number(port) };
    this.#user = user;
    rtp.onTick = (now) => this.#tick(now);
    this.#socket.on('message', (data) => this.#received(data.toString('latin1')));
  }

  async open(rtpPort: number): Promise<void> {
    this.#rtpPort = rtpPort;
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    this.#port = this.#socket.address().port;
  }

  /** Resolves when every call of the order is up (no hold) or over. */
  async place(order: Order): Promise<void> {
    this.#order = order;
    this.#orderedAt = performance.now();
    this.#placed = 0;
    await this.#untilSettled();
  }

  /** Resolves when no call is left. */
  async hangup(perSecond: number): Promise<void> {
    const queue = [...this.#calls.values()].filter((call) => call.state === 'up');
    this.#ending = { queue, perSecond, from: performance.now(), done: 0 };
    await this.#untilSettled();
  }

  takeTally(): Tally {
    const { setup, firstAudio, bye, ...counts } = this.#tally;
    this.#tally = emptyTally();
    return { ...counts, setup: spread(setup), firstAudio: spread(firstAudio), bye: spread(bye) };
  }

  /** The server's names for the calls that are up. */
  up(): string[] {
    return [...this.#calls.values()].filter((call) => call.state === 'up').map((call) => call.id);
  }

  change(id: string): Promise<number> {
    const stream = this.#calls.get(id)?.stream;
    if (!stream) throw new Error(`call ${id} is not up`);
    return stream.change();
  }

  #untilSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  #tick(now: number): void {
    const due = Math.min(this.#order.calls, 1 + Math.floor(((now - this.#orderedAt) / 1000) * this.#order.perSecond));
    while (this.#placed < due) this.#place(now);
    this.#endDue(now);
    if (now - this.#housekeptAt < housekeepMs) return;
    this.#housekeptAt = now;
    for (const call of this.#calls.values()) this.#housekeep(call, now);
    this.#settle();
  }

  #settle(): void {
    if (!this.#settled || this.#placed < this.#order.calls) return;
    if (this.#ending && this.#ending.done < this.#ending.queue.length) return;
    const leaves = this.#order.holdMs === 0 && !this.#ending;
    for (const call of this.#calls.values()) if (!leaves || call.state !== 'up') return;
    this.#ending = undefined;
    this.#settled();
    this.#settled = undefined;
  }

  #place(now: number): void {
    this.#placed++;
    this.#tally.placed++;
    const index = this.#index++;
    const server = `${this.#server.host}:${this.#server.port}`;
    const call: Call = {
      index,
      id: `${this.#run}-${index}`,
      user: this.#user,
      server,
      port: this.#port,
      state: 'inviting',
      text: '',
      provisional: false,
      sentAt: now,
      retryAt: 0,
      retryMs: t1Ms,
      invitedAt: now,
      endAt: Number.POSITIVE_INFINITY,
      to: '',
      target: '',
      stream: undefined,
    };
    this.#calls.set(call.id, call);
    call.text = invite(call, this.#rtpPort);
    call.invitedAt = performance.now();
    this.#sendFirst(call);
  }

  #sendFirst(call: Call): void {
    call.sentAt = performance.now();
    call.retryMs = t1Ms;
    call.retryAt = call.sentAt + t1Ms;
    this.#send(call.text);
  }

  #send(text: string): void {
    this.#socket.send(text, this.#server.port, this.#server.host);
  }

  #endDue(now: number): void {
    const ending = this.#ending;
    if (!ending) return;
    const due = Math.min(ending.queue.length, 1 + Math.floor(((now - ending.from) / 1000) * ending.perSecond));
    for (; ending.done < due; ending.done++) this.#bye(ending.queue[ending.done]!);
  }

  #bye(call: Call): void {
    if (call.state !== 'up' || !this.#calls.has(call.id)) return;
    call.state = 'ending';
    call.text = inDialog(call, 'BYE', call);
    if (call.stream) this.#rtp.remove(call.stream);
    this.#sendFirst(call);
  }

  #housekeep(call: Call, now: number): void {
    if (call.state === 'up') {
      if (now >= call.endAt) this.#bye(call);
      return;
    }
    if (now - call.sentAt > giveUpMs) {
      if (call.state === 'inviting') this.#tally.unanswered++;
      else this.#tally.byesUnanswered++;
      return this.#over(call);
    }
    if (call.provisional && call.state === 'inviting') return;
    if (now < call.retryAt) return;
    this.#tally.retransmitted++;
    call.retryMs *= 2;
    call.retryAt = now + call.retryMs;
    this.#send(call.text);
  }

  #received(text: string): void {
    const call = this.#calls.get(header(text, 'Call-ID'));
    if (!text.startsWith('SIP/2.0 ')) return this.#requested(text, call);
    if (!call) return;
    const status = Number(text.slice(8, 11));
    const bye = header(text, 'CSeq').endsWith('BYE');
    if (status < 200) call.provisional = true;
    else if (bye) this.#ended(call);
    else if (status < 300) this.#answered(call, text);
    else this.#refused(call, status, text);
  }

  #answered(call: Call, text: string): void {
    const now = performance.now();
    call.to = header(text, 'To');
    call.target = /<(.+?)>/.exec(header(text, 'Contact'))?.[1] ?? '';
    this.#send(inDialog(call, 'ACK', call));
    if (call.state !== 'inviting') return;
    call.state = 'up';
    this.#tally.answered++;
    this.#tally.setup.push(now - call.invitedAt);
    if (this.#order.holdMs > 0) call.endAt = now + this.#order.holdMs;
    const port = Number(/\r\nm=audio (\d+)/.exec(text)?.[1]);
    const stream = new Stream(port, call.index);
    const tally = this.#tally;
    stream.onFirstAudio = () => tally.firstAudio.push(stream.firstAudioAt! - call.invitedAt);
    call.stream = stream;
    this.#rtp.add(stream, now);
  }

  #refused(call: Call, status: number, text: string): void {
    this.#tally.refused[status] = (this.#tally.refused[status] ?? 0) + 1;
    this.#send(
      inDialog(call, 'ACK', { to: header(text, 'To'), target: `sip:${call.user}@${call.server}`, failed: true }),
    );
    this.#over(call);
  }

  #ended(call: Call): void {
    if (call.state !== 'ending') return;
    this.#tally.bye.push(performance.now() - call.sentAt);
    this.#over(call);
  }

  #requested(text: string, call: Call | undefined): void {
    if (text.startsWith('ACK ')) return;
    this.#send(ok(text, this.#port, this.#rtpPort));
    if (!call) return this.#takenOrLeft(text);
    if (!text.startsWith('BYE ')) return;
    this.#tally.endedByServer++;
    this.#over(call);
  }

  /** A call that came in, or its end. */
  #takenOrLeft(text: string): void {
    const id = header(text, 'Call-ID');
    const known = this.#taken.get(id);
    if (text.startsWith('BYE ') && known) {
      this.#rtp.remove(known);
      this.#taken.delete(id);
    }
    const port = Number(/\r\nm=audio (\d+)/.exec(text)?.[1]);
    if (!text.startsWith('INVITE ') || known || !(port > 0)) return;
    const stream = new Stream(port, this.#index++);
    this.#taken.set(id, stream);
    this.#rtp.add(stream, performance.now());
  }

  /** Where calls come in. */
  get sipPort(): number {
    return this.#port;
  }

  #over(call: Call): void {
    if (call.stream) {
      this.#rtp.remove(call.stream);
      if (call.stream.firstAudioAt === undefined) this.#tally.silent++;
    }
    this.#calls.delete(call.id);
  }
}

interface RunningTally extends Omit<Tally, 'setup' | 'firstAudio' | 'bye'> {
  setup: number[];
  firstAudio: number[];
  bye: number[];
}

const emptyTally = (): RunningTally => ({
  placed: 0,
  answered: 0,
  refused: {},
  unanswered: 0,
  retransmitted: 0,
  endedByServer: 0,
  byesUnanswered: 0,
  setup: [],
  firstAudio: [],
  bye: [],
  silent: 0,
});
