// UDP over node:dgram: no name lookups, no queue of our own.
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type Address, addressText, type UdpOptions, type UdpSocket } from '../network.ts';
import { bindFault } from '../network-faults.ts';

type Lookup = (host: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;

/** Addresses are numeric, so there is nothing to look up, and a send stays within its turn. */
const numericOnly: Lookup = (host, options, done) => {
  const answer = typeof options === 'function' ? (options as typeof done) : done;
  answer(null, host, host.includes(':') ? 6 : 4);
};

export function openUdp(options: UdpOptions): Promise<UdpSocket> {
  const socket = createSocket({
    type: isIPv6(options.host) ? 'udp6' : 'udp4',
    lookup: numericOnly as never,
    ipv6Only: isIPv6(options.host),
    ...(options.receiveBufferBytes ? { recvBufferSize: options.receiveBufferBytes } : {}),
  });
  return new Promise((resolve, reject) => {
    const onBindError = (error: Error): void => {
      socket.close();
      reject(bindFault(error, addressText(options)));
    };
    socket.once('error', onBindError);
    socket.bind({ address: options.host, port: options.port }, () => {
      socket.off('error', onBindError);
      resolve(wrap(socket, options.host));
    });
  });
}

const unheard = (): void => {};

function wrap(socket: ReturnType<typeof createSocket>, host: string): UdpSocket {
  let open = true;
  const failed = (error: Error | null): void => {
    if (error && open) udp.onError(error);
  };
  const udp: UdpSocket = {
    local: { host, port: socket.address().port },
    send(data, port, to) {
      if (!open) return;
      // A copy: when the system's buffer is full, Node keeps a reference to the bytes until there is room.
      try {
        // Who does not ask what became of it spares the system's binding a callback in a turn of its own, for each datagram.
        socket.send(Buffer.from(data), port, to, udp.onError === unheard ? undefined : failed);
      } catch (error) {
        failed(error as Error);
      }
    },
    onMessage: () => {},
    onError: unheard,
    close() {
      if (!open) return;
      open = false;
      socket.close();
    },
  };
  socket.on('error', failed);
  socket.on('message', (data, from) => {
    if (open) udp.onMessage(data, { host: from.address, port: from.port } satisfies Address);
  });
  return udp;
}
