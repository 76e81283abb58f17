// What carries the independent UA's messages: node:dgram, or node:net.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket as TcpSocket, connect as tcpConnect } from 'node:net';
import { splitStream } from './message.ts';

/** What carries the messages: one socket, or one connection and a listener for what the other side opens. */
export interface Carrier {
  port: number;
  send(text: string): void;
  close(): void;
}

export async function udpCarrier(server: number, take: (text: string) => void): Promise<Carrier> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes) => take(bytes.toString('latin1')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    send: (text) => socket.send(Buffer.from(text, 'latin1'), server, '127.0.0.1'),
    close: () => socket.close(),
  };
}

export async function tcpCarrier(server: number, take: (text: string) => void): Promise<Carrier> {
  const open = new Set<TcpSocket>();
  const listen = (socket: TcpSocket): void => {
    let waiting = '';
    open.add(socket);
    socket.setEncoding('latin1').on('data', (text: string) => {
      const { messages, rest } = splitStream(waiting + text);
      waiting = rest;
      for (const message of messages) take(message);
    });
    socket.on('error', () => socket.destroy());
  };
  const listener = createServer(listen).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const connection = tcpConnect(server, '127.0.0.1');
  listen(connection);
  await once(connection, 'connect');
  return {
    port: (listener.address() as { port: number }).port,
    send: (text) => connection.write(Buffer.from(text, 'latin1')),
    close() {
      listener.close();
      for (const socket of open) socket.destroy();
    },
  };
}
