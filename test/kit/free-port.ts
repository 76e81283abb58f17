// A port for programs that must be told one.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Another program may hold the UDP port of a free TCP port; so many others are tried. */
const tries = 20;

/** Free on loopback for UDP and TCP. */
export async function freePort(): Promise<number> {
  for (let left = tries; ; left--) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const socket = createSocket('udp4');
    try {
      await once(socket.bind(port, '127.0.0.1'), 'listening');
      return port;
    } catch (error) {
      if (left === 0) throw error;
    } finally {
      socket.close();
    }
  }
}
