// WebSocket servers that misbehave, in a process of their own, so that who measures is not held up by what they do. `open()` starts it;
// run as a program it says their addresses as JSON.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

type Rude = (socket: WebSocket, raw: Socket) => void;

/** More than any message may have. */
const hugeBytes = 10 << 20;

const kinds: Record<string, () => Rude> = {
  'never reads': () => (_, raw) => void raw.pause(),
  '10 MB messages': () => {
    const huge = Buffer.alloc(hugeBytes);
    return (socket) => {
      for (let i = 0; i < 5; i++) socket.send(huge);
    };
  },
  '10 MB of text': () => {
    const huge = Buffer.alloc(hugeBytes, 'x');
    return (socket) => socket.send(huge, { binary: false });
  },
  'garbage frames': () => (_, raw) => void raw.write(Buffer.alloc(4_096, 0xff)),
  'garbage text': () => (socket) => {
    for (const text of ['', '{', '[]', '{"type":7}', 'null', '{"type":"playAudio","data":{"audioContent":7}}'])
      socket.send(text);
  },
  '10,000 marks': () => (socket) => {
    for (let i = 0; i < 10_000; i++) socket.send(JSON.stringify({ type: 'mark', data: { name: `m${i}` } }));
  },
};

async function serve(rude: Rude): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false });
  await once(server, 'listening');
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    rude(socket, request.socket);
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Takes connections and never says a word, not even that of the handshake. */
async function mute(): Promise<string> {
  const server = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Addresses by what their server does. */
export interface RudeServers {
  urls: Record<string, string>;
  close(): void;
}

export async function open(): Promise<RudeServers> {
  const child: ChildProcess = spawn(process.execPath, [import.meta.filename], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { urls: JSON.parse(line.toString()) as Record<string, string>, close: () => void child.stdin!.end() };
}

if (import.meta.main) {
  const urls: Record<string, string> = { 'no handshake': await mute() };
  for (const [what, make] of Object.entries(kinds)) urls[what] = await serve(make());
  process.stdin.resume().on('close', () => process.exit(0));
  process.stdout.write(JSON.stringify(urls));
}
