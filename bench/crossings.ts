// The far ends of the bridge bench, in a process of their own: each packet says when it was sent, so that whoever hears it knows how
// long it was under way.
import { createSocket } from 'node:dgram';

/** `pairs`: the server's ports of both legs of each call. */
export type CrossAsk = { start: true } | { pairs: [number, number][] } | { openWindow: true } | { closeWindow: true };
export type CrossAnswer = { port: number } | Crossed | null;

/** What was heard while a window was open. */
export interface Crossed {
  sent: number;
  received: number;
  /** Under way for more than `lateMs`; and of these, while this process itself was held up. */
  late: number;
  lateInOwnStall: number;
  /** Legs that heard anything. */
  hearing: number;
  p50: number;
  p99: number;
  /** Times that this process could not go on for longer than `stallMs`. */
  stalls: number;
}

const lateMs = 10;
const stallMs = 5;
const ptimeMs = 20;
const slots = 10;
const payloadBytes = 160;
/** Of time under way, in steps of a tenth of a millisecond. */
const histogram = new Uint32Array(10_000);

interface Voice {
  port: number;
  packet: Buffer;
  sequence: number;
}

const lanes: Voice[][] = Array.from({ length: slots }, () => []);
const heardFrom = new Set<number>();
let [sent, received, late, lateInOwnStall, stalls] = [0, 0, 0, 0, 0];
/** Until then what comes is late by our own fault; the late ones since the last tick may turn out to be. */
let stalledUntil = 0;
let lateSinceTick = 0;
let slot = 0;
let due = performance.now();

const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4 << 20,
  lookup: ((_: string, __: unknown, done: (error: null, address: string, family: number) => void) =>
    done(null, '127.0.0.1', 4)) as never,
});

socket.on('message', (data, from) => {
  const now = performance.now();
  // Silence of the server's own, from before the other leg was heard.
  if (data.length !== 12 + payloadBytes || data[20] !== marked) return;
  const underWay = now - data.readDoubleBE(12);
  received++;
  heardFrom.add(from.port);
  histogram[Math.min(histogram.length - 1, Math.max(0, Math.floor(underWay * 10)))]!++;
  if (underWay <= lateMs) return;
  late++;
  if (now < stalledUntil) lateInOwnStall++;
  else lateSinceTick++;
});

const marked = 0x55;

function makeVoice(port: number, index: number): Voice {
  const packet = Buffer.alloc(12 + payloadBytes, marked);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt32BE(0x20000 + index, 8);
  return { port, packet, sequence: 0 };
}

function speak(voice: Voice): void {
  const { packet } = voice;
  voice.sequence++;
  packet.writeUInt16BE(voice.sequence & 0xffff, 2);
  packet.writeUInt32BE((voice.sequence * payloadBytes) >>> 0, 4);
  packet.writeDoubleBE(performance.now(), 12);
  socket.send(packet, voice.port, '127.0.0.1');
}

function tick(): void {
  const now = performance.now();
  if (now - due > stallMs) {
    stalls++;
    lateInOwnStall += lateSinceTick;
    // What waits is read about as fast as it came.
    stalledUntil = now + (now - due) + stallMs;
  }
  lateSinceTick = 0;
  while (due <= performance.now()) {
    // What is long overdue is left out, as a phone would; a stall must not become a burst.
    if (now - due > ptimeMs) due += Math.floor((now - due) / ptimeMs) * ptimeMs;
    for (const voice of lanes[slot]!) speak(voice);
    sent += lanes[slot]!.length;
    slot = (slot + 1) % slots;
    due += ptimeMs / slots;
  }
  setTimeout(tick, Math.max(0, due - performance.now()));
}

function quantile(share: number): number {
  let left = received * share;
  const at = histogram.findIndex((count) => {
    left -= count;
    return left <= 0;
  });
  return Math.max(0, at) / 10;
}

function openWindow(): void {
  [sent, received, late, lateInOwnStall, stalls, lateSinceTick] = [0, 0, 0, 0, 0, 0];
  histogram.fill(0);
  heardFrom.clear();
}

async function answer(ask: CrossAsk): Promise<CrossAnswer> {
  if ('start' in ask) {
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    tick();
    return { port: socket.address().port };
  }
  if ('pairs' in ask) {
    const known = lanes.reduce((sum, lane) => sum + lane.length, 0);
    // The legs of the calls that are new; those of the others go on.
    for (const [i, port] of ask.pairs.flat().entries()) if (i >= known) lanes[i % slots]!.push(makeVoice(port, i));
    return null;
  }
  if ('openWindow' in ask) {
    openWindow();
    return null;
  }
  const [p50, p99] = [quantile(0.5), quantile(0.99)];
  return { sent, received, late, lateInOwnStall, hearing: heardFrom.size, p50, p99, stalls };
}

process.on('message', (ask: CrossAsk) => {
  void answer(ask).then((given) => process.send?.(given));
});
process.on('disconnect', () => process.exit(0));
