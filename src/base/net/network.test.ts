// The real network against real servers on loopback: the contract. Its UDP in both ways.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  networkContract,
  type Stage,
  type StageAnswer,
  type StageRequest,
  type StageWs,
  udpContract,
} from '../../../test/contracts/network/index.ts';
import { realClock, sleep } from '../index.ts';
import { realNetwork } from './index.ts';

const clock = realClock();

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serveHttp(handle: (request: StageRequest) => StageAnswer | undefined): Promise<[Server, string]> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const headers = request.headers as Record<string, string>;
    const answer = handle({ method: request.method!, path: request.url!, headers, body });
    if (answer) await write(answer, response);
  });
  return [server, await listen(server)];
}

async function write(answer: StageAnswer, response: ServerResponse): Promise<void> {
  const body = Buffer.from((answer.body ?? '') as string);
  const length = { 'Content-Length': String(body.length + (answer.cut ? 10 : 0)) };
  response.writeHead(answer.status ?? 200, { ...length, ...answer.headers });
  response.flushHeaders();
  if (answer.bodyDelayMs) await sleep(clock, answer.bodyDelayMs);
  response.write(body);
  if (answer.cut) await sleep(clock, 20);
  if (answer.cut) response.destroy();
  else response.end();
}

function peerOf(socket: WebSocket, request: IncomingMessage): StageWs {
  const peer: StageWs = {
    protocol: socket.protocol,
    headers: request.headers as Record<string, string>,
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    kill: () => (request.socket as Socket).resetAndDestroy(),
    // Opcode 15 is reserved (RFC 6455 5.2).
    sendGarbage: () => void request.socket.write(Buffer.from([0x8f, 0x01, 0x00])),
    onMessage: () => {},
    onClose: () => {},
  };
  socket.on('error', () => {});
  socket.on('message', (data: Buffer, isBinary: boolean) => peer.onMessage(isBinary ? data : data.toString()));
  socket.on('close', (code, reason) => peer.onClose(code, reason.toString()));
  return peer;
}

type WsOptions = Parameters<Stage['ws']>[1];

async function serveWs(handle: (peer: StageWs) => void, options: WsOptions = {}): Promise<[Server, string]> {
  const server = createServer();
  const { protocols, refuse, location, hang } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered].find((one) => protocols?.includes(one) ?? true) ?? false,
  });
  server.on('upgrade', (request, socket, head) => {
    if (hang) return;
    if (refuse) return socket.end(`HTTP/1.1 ${refuse} No\r\n${location ? `Location: ${location}\r\n` : ''}\r\n`);
    sockets.handleUpgrade(request, socket, head, (opened) => handle(peerOf(opened, request)));
  });
  return [server, `${(await listen(server)).replace('http', 'ws')}/socket`];
}

async function realStage(pollUdp: boolean): Promise<Stage> {
  const network = realNetwork({ clock, ...(pollUdp ? { pollUdp: { onUnable: assert.fail } } : {}) });
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const keep = ([server, address]: [Server, string]): string => {
    servers.push(server);
    server.on('connection', (socket: Socket) => sockets.add(socket));
    return address;
  };
  return {
    client: network,
    server: network,
    serverIp: '127.0.0.1',
    clientIp: '127.0.0.1',
    run: (work) => work,
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
    http: async (handle) => keep(await serveHttp(handle)),
    ws: async (handle, options) => keep(await serveWs(handle, options)),
    async deadOrigin() {
      const [server, origin] = await serveHttp(() => undefined);
      await new Promise((done) => server.close(done));
      return origin;
    },
    absentOrigin: 'http://nobody.invalid',
    async close() {
      await network.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}

networkContract('real network', () => realStage(false));
describe('real network, polled: udp', () => udpContract(() => realStage(true)));
