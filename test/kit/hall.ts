// A hall for tests: a media stage with several far ends, each of which sends a tone of its own and keeps what it hears.
import assert from 'node:assert/strict';
import { type Encoder, sine, toneLevelDbov } from '../../src/audio/index.ts';
import { isRefusal } from '../../src/base/index.ts';
import type { MediaPort } from '../../src/media/client.ts';
import { type MediaStage, type MediaStageOptions, mediaStage } from './media-stage.ts';
import { type HeardPacket, SimPeer } from './sim-rtp-peer.ts';

export interface Guest {
  peer: SimPeer;
  port: MediaPort;
  ptimeMs: number;
  /** Sends this tone from now on (0 Hz for silence), until called again. Phase goes on from the call's time. */
  sing(hz: number, amplitude?: number): void;
  /** When the first packet with its present tone left. */
  readonly sangAt: number;
  /** Sends a digit of 100 ms as an event. */
  press(digit: number): void;
  /** Digits it was sent from then on, as events. */
  digits(fromMs: number): string;
  /** What it heard between two times of the clock, as the packets follow one another. */
  heard(fromMs: number, toMs: number): Int16Array;
  packets(fromMs: number, toMs: number): HeardPacket[];
  /** Level of a tone in that, dBov. */
  level(hz: number, fromMs: number, toMs: number): number;
}

export interface Hall extends MediaStage {
  /** One more far end with an answered port. */
  enter(options?: {
    codec?: string;
    ptimeMs?: number;
    port?: Partial<Parameters<MediaStage['pool']['open']>[0]>;
  }): Promise<Guest>;
}

export async function openHall(options: MediaStageOptions = {}): Promise<Hall> {
  const stage = await mediaStage(options);
  const { clock, net, pool } = stage;
  const peers: SimPeer[] = [];
  let hosts = 10;
  return {
    ...stage,
    async enter({ codec = 'PCMU', ptimeMs = 20, port: more = {} } = {}) {
      const peer = await SimPeer.open(net.host(`10.0.1.${++hosts}`), codec);
      peers.push(peer);
      const port = await clock.settle(pool.open({ callSid: `c${hosts}`, group: 'hall', inactivityMs: 0, ...more }));
      const answer = await clock.settle(port.answer(peer.sdp({ ptime: ptimeMs })));
      assert.ok(!isRefusal(answer), JSON.stringify(answer));
      port.start();
      return guest({ stage, peer, port, ptimeMs });
    },
    async end() {
      for (const peer of peers) peer.stop();
      await clock.settle(pool.close());
      for (const peer of peers) peer.close();
      await stage.end();
    },
  };
}

interface Parts {
  stage: MediaStage;
  peer: SimPeer;
  port: MediaPort;
  ptimeMs: number;
}

function guest(parts: Parts): Guest {
  const { peer, port, ptimeMs } = parts;
  const { sampleRate } = peer.codec;
  const singer = new Singer(parts);
  const packets = (fromMs: number, toMs: number): HeardPacket[] =>
    peer.heard.filter((p) => p.at >= fromMs && p.at < toMs);
  const heard = (fromMs: number, toMs: number): Int16Array => {
    const within = packets(fromMs, toMs);
    const [first, a, b] = [peer.heard[0], within[0], within.at(-1)];
    if (!first || !a || !b) return new Int16Array(0);
    const offset = (p: HeardPacket): number =>
      (((p.timestamp - first.timestamp) >>> 0) * sampleRate) / peer.codec.clockRate;
    // Decoded from the beginning, as the codec may have state.
    return peer.audio().subarray(offset(a), offset(b) + (sampleRate * ptimeMs) / 1000);
  };
  return {
    peer,
    port,
    ptimeMs,
    packets,
    heard,
    sing: (hz, amplitude = 3000) => singer.sing(hz, amplitude),
    get sangAt() {
      return singer.sangAt;
    },
    press(digit) {
      // The event's packets have one timestamp; they come at once, so that no audio falls between them.
      for (const end of [0, 0x80, 0x80, 0x80]) {
        const event = Uint8Array.of(digit, end | 10, 800 >> 8, 800 & 0xff);
        peer.send(port.local, event, { payloadType: 101, advance: 0 });
      }
    },
    digits(fromMs) {
      const events = peer.heard.filter((p) => p.at >= fromMs && p.payloadType === 101);
      return [...new Set(events.map((p) => String(p.payload[0])))].join(' ');
    },
    level: (hz, fromMs, toMs) => toneLevelDbov(heard(fromMs, toMs), hz, sampleRate),
  };
}

/** A far end's voice: a tone without a seam, a packet every packet time. */
class Singer {
  sangAt = Number.POSITIVE_INFINITY;
  readonly #parts: Parts;
  readonly #encoder: Encoder;
  #tone: Int16Array = new Int16Array(0);
  #at = 0;
  #streaming = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { peer } = parts;
    this.#encoder = peer.codec.makeEncoder();
    const stop = peer.stop.bind(peer);
    peer.stop = () => {
      this.#streaming = false;
      stop();
    };
  }

  sing(hz: number, amplitude: number): void {
    const { sampleRate } = this.#parts.peer.codec;
    this.sangAt = Number.POSITIVE_INFINITY;
    this.#tone = sine({ hz, amplitude: hz === 0 ? 0 : amplitude, samples: sampleRate, sampleRate });
    if (this.#streaming) return;
    this.#streaming = true;
    this.#tick();
  }

  #tick(): void {
    if (!this.#streaming) return;
    const { peer, port, ptimeMs, stage } = this.#parts;
    const { sampleRate, bytesPerMs, clockRate } = peer.codec;
    const frame = (sampleRate * ptimeMs) / 1000;
    const pcm = this.#tone.subarray(this.#at, this.#at + frame);
    this.sangAt = Math.min(this.sangAt, stage.clock.now());
    this.#at = (this.#at + frame) % sampleRate;
    const payload = new Uint8Array(bytesPerMs * ptimeMs);
    this.#encoder.encode(pcm.length === frame ? pcm : wrap(this.#tone, pcm, frame), payload);
    peer.send(port.local, payload, { advance: (clockRate * ptimeMs) / 1000 });
    stage.clock.after(ptimeMs, () => this.#tick());
  }
}

/** The end of a second and the beginning of the next one. */
function wrap(tone: Int16Array, tail: Int16Array, frame: number): Int16Array {
  const pcm = new Int16Array(frame);
  pcm.set(tail);
  pcm.set(tone.subarray(0, frame - tail.length), tail.length);
  return pcm;
}
