// A bridge stage for tests: two legs with simulated far ends, bridged, and what a stream must be like whatever happens to it.
import assert from 'node:assert/strict';
import { isRefusal } from '../../src/base/index.ts';
import type { BridgePath, MediaBridge, MediaPort } from '../../src/media/client.ts';
import { type MediaStage, type MediaStageOptions, mediaStage } from './media-stage.ts';
import { type HeardPacket, SimPeer } from './sim-rtp-peer.ts';

export interface BridgeLeg {
  peer: SimPeer;
  port: MediaPort;
}

export interface BridgeStage extends MediaStage {
  a: BridgeLeg;
  b: BridgeLeg;
  bridge: MediaBridge;
}

export interface BridgeStageOptions extends MediaStageOptions {
  /** Of the second leg. */
  other?: { codec?: string; sdp?: Parameters<SimPeer['sdp']>[0]; group?: string };
  path?: BridgePath;
}

/** Leg a at 10.0.0.2, leg b at 10.0.0.3. */
export async function bridgeStage(options: BridgeStageOptions = {}): Promise<BridgeStage> {
  const stage = await mediaStage(options);
  const { clock, net, pool } = stage;
  const other = options.other ?? {};
  const b = { peer: await SimPeer.open(net.host('10.0.0.3'), other.codec), port: stage.port };
  b.port = await clock.settle(pool.open({ callSid: 'd', group: other.group ?? 'c', inactivityMs: 0 }));
  const answer = await clock.settle(b.port.answer(b.peer.sdp(other.sdp)));
  assert.ok(!isRefusal(answer), JSON.stringify(answer));
  const path = options.path ? { path: options.path } : {};
  const bridge = await clock.settle(pool.bridge(stage.port, b.port, path));
  return {
    ...stage,
    a: { peer: stage.peer, port: stage.port },
    b,
    bridge,
    async end() {
      b.peer.close();
      stage.peer.stop();
      await stage.end();
    },
  };
}

/** A tone of amplitude 8000 at `rate`, as the n-th packet. */
export const tone =
  (hz: number, rate = 8000, ptimeMs = 20) =>
  (n: number): Int16Array => {
    const samples = (rate * ptimeMs) / 1000;
    return Int16Array.from({ length: samples }, (_, i) =>
      Math.round(8000 * Math.sin((2 * Math.PI * hz * (n * samples + i)) / rate)),
    );
  };

/** One source, no sequence number missing, timestamps that go on without holes, packets never more than `holeMs` apart. */
export function checkStream(heard: readonly HeardPacket[], { holeMs = 40, units = 160 } = {}): void {
  for (const [i, packet] of heard.entries()) {
    const before = heard[i - 1];
    if (!before) continue;
    const where = `packet ${i} at ${packet.at}`;
    assert.equal(packet.ssrc, before.ssrc, `${where}: ssrc`);
    assert.equal(packet.sequence, (before.sequence + 1) & 0xffff, `${where}: sequence`);
    assert.equal((packet.timestamp - before.timestamp) >>> 0, units, `${where}: timestamp`);
    assert.ok(packet.at - before.at <= holeMs + 0.001, `${where}: ${packet.at - before.at} ms after the one before`);
  }
}
