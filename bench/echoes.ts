// The far ends of the round-trip bench, in a process of their own: one sends, the other sends back at once what it hears.
import { createSocket, type Socket } from 'node:dgram';

/** `calls`: the server's ports of both legs. `measure`: so many round trips of each call. */
export type EchoAsk = { start: true } | { calls: [number, number][] } | { measure: number };
export type EchoAnswer = { ports: [number, number] } | { ms: number[] } | null;

const ptimeMs = 20;
const payloadBytes = 160;
/** A loud packet each so often: the echo of the one before is over. */
const everyPackets = 25;
const silence = 0xff;
const loud = 0x10;

interface Leg {
  port: number;
  packet: Buffer;
  sequence: number;
}

const makeLeg = (port: number, ssrc: number): Leg => {
  const packet = Buffer.alloc(12 + payloadBytes, silence);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt32BE(ssrc, 8);
  return { port, packet, sequence: 0 };
};

function send(socket: Socket, leg: Leg, payload: Uint8Array | number): void {
  leg.sequence++;
  leg.packet.writeUInt16BE(leg.sequence & 0xffff, 2);
  leg.packet.writeUInt32BE((leg.sequence * payloadBytes) >>> 0, 4);
  if (typeof payload === 'number') leg.packet.fill(payload, 12);
  else leg.packet.set(payload, 12);
  socket.send(leg.packet, leg.port, '127.0.0.1');
}

class Call {
  readonly near: Leg;
  readonly far: Leg;
  /** Packets until the first: the calls do not all send at once. */
  readonly startMs: number;
  readonly found: number[] = [];
  #sent = 0;
  #loudAt = 0;

  constructor([near, far]: [number, number], index: number) {
    this.near = makeLeg(near, 2 * index + 1);
    this.far = makeLeg(far, 2 * index + 2);
    this.startMs = (index * 7.3) % ptimeMs;
  }

  speak(): void {
    const isLoud = ++this.#sent % everyPackets === 0;
    if (isLoud) this.#loudAt = performance.now();
    send(one, this.near, isLoud ? loud : silence);
  }

  heard(data: Buffer): void {
    if (this.#loudAt === 0 || !isLoudIn(data)) return;
    this.found.push(performance.now() - this.#loudAt);
    this.#loudAt = 0;
  }
}

/** Also when only part of the packet is: processed audio is cut anew. */
const isLoudIn = (data: Buffer): boolean => data.subarray(12).some((byte) => (byte & 0x7f) < 0x40);

const socket = (): Socket => createSocket({ type: 'udp4', recvBufferSize: 1 << 20, lookup: numeric as never });
const numeric = (_: string, __: unknown, done: (error: null, address: string, family: number) => void): void =>
  done(null, '127.0.0.1', 4);
const [one, other] = [socket(), socket()];
let calls = new Map<number, Call>();

const bound = (s: Socket): Promise<number> =>
  new Promise((resolve) => s.bind(0, '127.0.0.1', () => resolve(s.address().port)));

function run(list: [number, number][]): void {
  const all = list.map((ports, index) => new Call(ports, index));
  calls = new Map(all.flatMap((call) => [call.near, call.far].map(({ port }) => [port, call])));
  const due = all.map((call) => performance.now() + call.startMs);
  setInterval(() => {
    for (const [i, call] of all.entries()) {
      if (performance.now() < due[i]!) continue;
      due[i] = Math.max(due[i]! + ptimeMs, performance.now() - ptimeMs);
      call.speak();
    }
  }, 1);
}

one.on('message', (data, from) => calls.get(from.port)?.heard(data));
other.on('message', (data, from) => {
  const call = calls.get(from.port);
  if (call) send(other, call.far, data.subarray(12));
});

async function answer(ask: EchoAsk): Promise<EchoAnswer> {
  if ('start' in ask) return { ports: [await bound(one), await bound(other)] };
  if ('calls' in ask) {
    run(ask.calls);
    return null;
  }
  const all = new Set(calls.values());
  for (const call of all) call.found.length = 0;
  await new Promise((resolve) => setTimeout(resolve, ask.measure * everyPackets * ptimeMs));
  return { ms: [...all].flatMap(({ found }) => found) };
}

process.on('message', (ask: EchoAsk) => {
  void answer(ask).then((given) => process.send?.(given));
});
process.on('disconnect', () => process.exit(0));
