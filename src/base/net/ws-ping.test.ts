// Pings of the real WebSocket client: a peer that answers them stays, one that does not is cut off.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { realClock } from '../clock.ts';
import { realNetwork } from './index.ts';

for (const autoPong of [true, false]) {
  test(`a peer that ${autoPong ? 'answers stays' : 'does not answer is cut off with 1006'}`, async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong });
    await once(server, 'listening');
    let pings = 0;
    server.on('connection', (peer) => peer.on('ping', () => pings++));
    const network = realNetwork({ clock: realClock() });
    const connection = await network.ws({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      protocols: [],
      handshakeTimeoutMs: 5000,
      maxRedirects: 0,
      maxMessageBytes: 1000,
      pingIntervalMs: 25,
    });
    const closed = new Promise<number>((resolve) => {
      connection.onClose = resolve;
    });
    while (autoPong && pings < 4) await new Promise((resolve) => setImmediate(resolve));
    if (autoPong) connection.close(1000);
    assert.equal(await closed, autoPong ? 1000 : 1006);
    await network.close();
    server.close();
  });
}
