// UDP for thousands of sockets: all that have something to read are asked once a millisecond, datagrams go through one buffer.
import type { Clock, Timer } from '../clock.ts';
import { udpEventsPerPoll, udpPollMs, udpReadsPerPoll, udpReadsPerSocket } from '../limits.ts';
import { type Address, addressText, type UdpOptions, type UdpSocket } from '../network.ts';
import { bindFault } from '../network-faults.ts';
import { epollEvents, epollFd, ipprotoIpv6, ipv6V6only, type Libc, solSocket, soRcvbuf } from './libc.ts';
import { inet, inet6, readSockaddr, sockaddrBytes, writeSockaddr } from './sockaddr.ts';

/** The longest datagram, and the longest that streams of audio have. */
const largestBytes = 65_536;
const usualBytes = 2_048;

/** Where nothing can be sent to. */
const nowhere = new Uint8Array(0);

/**
 * node:dgram costs an object, a buffer of 64 KB and three system calls for each datagram. Here they are two: one to read, one to send;
 * what is ready is found for all sockets together, and nothing is allocated. The price is up to a millisecond of waiting.
 */
export class PolledUdp {
  readonly #libc: Libc;
  readonly #clock: Clock;
  readonly #events = epollEvents(udpEventsPerPoll);
  readonly #buffer = Buffer.alloc(largestBytes);
  /** Of the buffer, by length: most datagrams have one of a few. */
  readonly #views = new Array<Buffer | undefined>(usualBytes + 1);
  readonly #address = new Uint8Array(sockaddrBytes);
  readonly #addressLength = new Uint32Array(1);
  /** By file descriptor. */
  readonly #sockets: (PolledSocket | undefined)[] = [];
  #open = 0;
  #epoll = -1;
  #timer: Timer | undefined;

  constructor(libc: Libc, clock: Clock) {
    this.#libc = libc;
    this.#clock = clock;
  }

  /** As `Network.udp`. */
  open = async (options: UdpOptions): Promise<UdpSocket> => {
    const libc = this.#libc;
    const fd = libc.socket(options.host.includes(':') ? inet6 : inet);
    if (fd < 0) throw bindFault(libc.error('socket'), addressText(options));
    try {
      this.#prepare(fd, options);
      this.#watch(fd);
    } catch (error) {
      libc.close(fd);
      throw bindFault(error, addressText(options));
    }
    const local = { host: options.host, port: this.#localPort(fd) };
    const socket = new PolledSocket({ libc, clock: this.#clock, fd, local, onClose: () => this.#remove(fd) });
    this.#sockets[fd] = socket;
    this.#open++;
    this.#timer ??= this.#clock.after(udpPollMs, this.#poll);
    return socket;
  };

  #prepare(fd: number, options: UdpOptions): void {
    const libc = this.#libc;
    if (options.host.includes(':')) check(libc, 'setsockopt', libc.setInt(fd, ipprotoIpv6, ipv6V6only, 1));
    if (options.receiveBufferBytes)
      check(libc, 'setsockopt', libc.setInt(fd, solSocket, soRcvbuf, options.receiveBufferBytes));
    check(libc, 'bind', libc.bind(fd, writeSockaddr(options, libc) ?? nowhere));
  }

  /** The set of watched sockets is there while it has members. */
  #watch(fd: number): void {
    const libc = this.#libc;
    if (this.#epoll < 0) this.#epoll = check(libc, 'epoll_create1', libc.epollCreate());
    check(libc, 'epoll_ctl', libc.epollAdd(this.#epoll, fd));
  }

  #localPort(fd: number): number {
    this.#addressLength[0] = sockaddrBytes;
    this.#libc.getsockname(fd, this.#address, this.#addressLength);
    return readSockaddr(this.#address, this.#libc).port;
  }

  #remove(fd: number): void {
    const libc = this.#libc;
    this.#sockets[fd] = undefined;
    libc.epollRemove(this.#epoll, fd);
    libc.close(fd);
    if (--this.#open > 0) return;
    libc.close(this.#epoll);
    this.#epoll = -1;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /**
   * One datagram of each socket that has some, again until none has. A flood at one socket holds up no other, and costs little: what it
   * may not send is left to the system, which drops it unread.
   */
  #poll = (): void => {
    this.#timer = this.#clock.after(udpPollMs, this.#poll);
    for (let round = 0, reads = 0; round < udpReadsPerSocket && reads < udpReadsPerPoll && this.#open > 0; round++) {
      const ready = this.#libc.epollWait(this.#epoll, this.#events);
      if (ready <= 0) return;
      for (let i = 0; i < ready; i++) this.#read(epollFd(this.#events, i));
      reads += ready;
    }
  };

  #read(fd: number): void {
    // Closed by whoever heard a datagram of the same turn.
    const socket = this.#sockets[fd];
    if (!socket) return;
    this.#addressLength[0] = sockaddrBytes;
    const bytes = this.#libc.recvfrom(fd, this.#buffer, this.#address, this.#addressLength);
    if (bytes < 0) return socket.failed('recvfrom');
    try {
      socket.onMessage(this.#view(bytes), socket.senderOf(this.#address));
    } catch (error) {
      // As in a callback of its own: a bug of one listener takes no datagram from the others.
      this.#clock.soon(() => {
        throw error;
      });
    }
  }

  #view(bytes: number): Buffer {
    if (bytes > usualBytes) return this.#buffer.subarray(0, bytes);
    this.#views[bytes] ??= this.#buffer.subarray(0, bytes);
    return this.#views[bytes];
  }
}

function check(libc: Libc, call: string, result: number): number {
  if (result < 0) throw libc.error(call);
  return result;
}

interface SocketParts {
  libc: Libc;
  clock: Clock;
  fd: number;
  local: Address;
  onClose: () => void;
}

class PolledSocket implements UdpSocket {
  readonly local: Address;
  onMessage: UdpSocket['onMessage'] = () => {};
  onError: UdpSocket['onError'] = () => {};
  readonly #parts: SocketParts;
  #open = true;
  /** The sender heard last, and where was sent to last, in both spellings. */
  readonly #heard = new Uint8Array(sockaddrBytes);
  #sender: Address | undefined;
  #host = '';
  #port = -1;
  #target: Uint8Array = nowhere;

  constructor(parts: SocketParts) {
    this.#parts = parts;
    this.local = parts.local;
  }

  send(data: Uint8Array, port: number, host: string): void {
    if (!this.#open) return;
    const { libc, fd } = this.#parts;
    if (port !== this.#port || host !== this.#host) {
      this.#target = writeSockaddr({ host, port }, libc) ?? nowhere;
      this.#host = host;
      this.#port = port;
    }
    if (libc.sendto(fd, data, this.#target) < 0) this.failed('sendto');
  }

  senderOf(address: Uint8Array): Address {
    const heard = this.#heard;
    const end = address[0] === inet6 ? sockaddrBytes : 8;
    let same = this.#sender !== undefined;
    for (let i = 0; same && i < end; i++) same = heard[i] === address[i];
    if (same) return this.#sender!;
    heard.set(address);
    this.#sender = readSockaddr(address, this.#parts.libc);
    return this.#sender;
  }

  /** Told in a turn of its own. A full buffer of the system is only a datagram that is lost. */
  failed(call: string): void {
    const error = this.#parts.libc.error(call);
    if (error.code === 'EAGAIN') return;
    this.#parts.clock.soon(() => this.#open && this.onError(error));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#parts.onClose();
  }
}
