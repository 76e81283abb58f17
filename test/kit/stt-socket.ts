// A customer's recognition server on a real WebSocket: keeps what it is sent, and says what the test tells it to.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { until } from './until.ts';

type Json = Record<string, unknown>;

/** One connection. */
export interface SttSession {
  socket: WebSocket;
  authorization: string | undefined;
  start: Json | undefined;
  audio: Buffer[];
  stopped: boolean;
}

export interface SttSocket {
  url: string;
  sessions: SttSession[];
  /** Before the handshake is answered, ms. */
  slowMs: number;
  /** The n-th session, once it was told what to do. */
  session(n?: number): Promise<SttSession>;
  close(): void;
}

export async function openSttSocket(): Promise<SttSocket> {
  const sessions: SttSession[] = [];
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: (_, done) => void setTimeout(() => done(true), stt.slowMs),
  });
  server.on('connection', (socket, request) => {
    const session: SttSession = {
      socket,
      authorization: request.headers.authorization,
      start: undefined,
      audio: [],
      stopped: false,
    };
    sessions.push(session);
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) return void session.audio.push(data);
      const message = JSON.parse(data.toString()) as Json;
      if (message.type === 'start') session.start = message;
      if (message.type !== 'stop') return;
      session.stopped = true;
      socket.close(1000);
    });
  });
  await once(server, 'listening');
  const stt: SttSocket = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/hear`,
    sessions,
    slowMs: 0,
    session: (n = 1) => until(() => (sessions[n - 1]?.start ? sessions[n - 1] : undefined), { what: `${n} sessions` }),
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
  return stt;
}

export const sttSays = (session: SttSession | undefined, transcript: string, isFinal = true): void =>
  session?.socket.send(
    JSON.stringify({ type: 'transcription', is_final: isFinal, alternatives: [{ transcript, confidence: 0.9 }] }),
  );
