// A hall for tests: a media stage with several far ends, each of which sends a tone of its own and keeps what it hears.
import assert from 'node:assert/strict';
import { sine, toneLevelDbov } from '../../src/audio/index.ts';
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

function guest({
  stage,
  peer,
  port,
  ptimeMs,
}: {
  stage: MediaStage;
  peer: SimPeer;
  port: MediaPort;
  ptimeMs: number;
}): Guest {
  const { clock } = stage;
  const { sampleRate, bytesPerMs } = peer.codec;
  const frame = (sampleRate * ptimeMs) / 1000;
  const encoder = peer.codec.makeEncoder();
  let tone: Int16Array = new Int16Array(sampleRate);
  let at = 0;
  let sangAt: number | undefined;
  let streaming = false;
  const tick = (): void => {
    if (!streaming) return;
    const pcm = tone.subarray(at, at + frame);
    sangAt ??= clock.now();
    at = (at + frame) % sampleRate;
    const payload = new Uint8Array(bytesPerMs * ptimeMs);
    encoder.encode(pcm.length === frame ? pcm : wrap(tone, pcm, frame), payload);
    peer.send(port.local, payload, { advance: (peer.codec.clockRate * ptimeMs) / 1000 });
    clock.after(ptimeMs, tick);
  };
  const stop = peer.stop.bind(peer);
  peer.stop = () => {
    streaming = false;
    stop();
  };
  const packets = (fromMs: number, toMs: number): HeardPacket[] =>
    peer.heard.filter((p) => p.at >= fromMs && p.at < toMs);
  const heard = (fromMs: number, toMs: number): Int16Array => {
    // Decoded from the beginning, as the codec may have state.
    const all = peer.audio();
    const first = peer.heard[0]!;
    const perUnit = sampleRate / peer.codec.clockRate;
    const [a, b] = [packets(fromMs, toMs)[0], packets(fromMs, toMs).at(-1)];
    if (!a || !b) return new Int16Array(0);
    const offset = (p: HeardPacket): number => ((p.timestamp - first.timestamp) >>> 0) * perUnit;
    return all.subarray(offset(a), offset(b) + frame);
  };
  return {
    peer,
    port,
    ptimeMs,
    sing(hz, amplitude = 3000) {
      sangAt = undefined;
      tone = sine({ hz, amplitude: hz === 0 ? 0 : amplitude, samples: sampleRate, sampleRate });
      if (streaming) return;
      streaming = true;
      tick();
    },
    get sangAt() {
      return sangAt ?? Number.POSITIVE_INFINITY;
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
    packets,
    heard,
    level: (hz, fromMs, toMs) => toneLevelDbov(heard(fromMs, toMs), hz, sampleRate),
  };
}

/** The end of a second and the beginning of the next one. */
function wrap(tone: Int16Array, tail: Int16Array, frame: number): Int16Array {
  const pcm = new Int16Array(frame);
  pcm.set(tail);
  pcm.set(tone.subarray(0, frame - tail.length), tail.length);
  return pcm;
}
