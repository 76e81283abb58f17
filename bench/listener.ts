// The customer of the listen bench, in a process of its own: a webhook that answers with a listen, and the WebSocket server behind it,
// which sends every frame back.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** What the parent asks; each is answered with the counts since the last one. */
export interface Heard {
  open: number;
  frames: number;
  bytes: number;
  /** Frames that came more than 100 ms after the one before: a gap that is heard. */
  gaps: number;
}

const gapMs = 100;

let counts = { frames: 0, bytes: 0, gaps: 0 };
let origin = '';

const http = createServer((request, response) => {
  request.resume();
  if (request.url !== '/listen') return void response.writeHead(200).end();
  const url = `${origin.replace('http', 'ws')}/audio`;
  const verb = { verb: 'listen', url, bidirectionalAudio: { enabled: true, streaming: true, sampleRate: 8000 } };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify([verb]));
});
const server = new WebSocketServer({ server: http, path: '/audio', perMessageDeflate: false });
server.on('connection', (socket) => {
  let last = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return;
    const now = performance.now();
    if (last > 0 && now - last > gapMs) counts.gaps++;
    last = now;
    counts.frames++;
    counts.bytes += data.length;
    socket.send(data);
  });
});
http.keepAliveTimeout = 60_000;
http.listen(0, '127.0.0.1', () => {
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  process.send?.({ origin });
});
process.on('message', () => {
  process.send?.({ ...counts, open: server.clients.size } satisfies Heard);
  counts = { frames: 0, bytes: 0, gaps: 0 };
});
process.on('disconnect', () => process.exit(0));
