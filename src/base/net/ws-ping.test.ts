// Pings of the real WebSocket client: a peer that answers them stays, one that does not is cut off. The test turns the clock.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, realClock } from '../clock.ts';
import { realNetwork } from './index.ts';

/** The real clock, but its timers of `ms` fire when the test says so. */
function turnedByHand(ms: number): { clock: Clock; turn(): void } {
  const real = realClock();
  let due = (): void => {};
  const clock: Clock = {
    ...real,
    after(wait, fn) {
      // The deadlines of every() are a fraction off.
      if (Math.abs(wait - ms) > 1000) return real.after(wait, fn);
      due = fn;
      return {
        cancel: () => {
          due = () => {};
        },
      };
    },
  };
  return { clock, turn: () => due() };
}

const pingIntervalMs = 500_000;

for (const autoPong of [true, false]) {
  test(`a peer that ${autoPong ? 'answers stays' : 'does not answer is cut off with 1006'}`, async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong });
    await once(server, 'listening');
    const { clock, turn } = turnedByHand(pingIntervalMs);
    const network = realNetwork({ clock });
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const connection = await network.ws({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      protocols: [],
      handshakeTimeoutMs: 5000,
      maxRedirects: 0,
      maxMessageBytes: 1000,
      pingIntervalMs,
    });
    const [peer] = await accepted;
    const closed = new Promise<number>((resolve) => {
      connection.onClose = resolve;
    });
    for (let i = 0; i < 4; i++) {
      const pinged = once(peer, 'ping');
      turn();
      if (!autoPong) break;
      await pinged;
      // What follows the pong arrives after it.
      const heard = new Promise((resolve) => {
        connection.onMessage = resolve;
      });
      peer.send('after the pong');
      await heard;
    }
    if (autoPong) connection.close(1000);
    else turn();
    assert.equal(await closed, autoPong ? 1000 : 1006);
    await network.close();
    server.close();
  });
}
