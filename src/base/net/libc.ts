// The C library's datagram sockets (rim: koffi), for who handles so many datagrams that a callback for each is too dear. Linux only.
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import type { AddressWords } from './sockaddr.ts';

/**
 * Calls that do not wait, with the names and arguments of the manual pages. A negative result is an error; `error()` says which,
 * right after the call.
 */
export interface Libc extends AddressWords {
  socket(family: number): number;
  bind(fd: number, address: Uint8Array): number;
  /** Address and its length. */
  getsockname(fd: number, address: Uint8Array, length: Uint32Array): number;
  setInt(fd: number, level: number, option: number, value: number): number;
  recvfrom(fd: number, bytes: Uint8Array, address: Uint8Array, length: Uint32Array): number;
  sendto(fd: number, bytes: Uint8Array, address: Uint8Array): number;
  close(fd: number): number;
  epollCreate(): number;
  epollAdd(epoll: number, fd: number): number;
  epollRemove(epoll: number, fd: number): number;
  /** How many are ready; `epollFd(events, i)` says which. */
  epollWait(epoll: number, events: Uint8Array): number;
  /** `call` stands in the message, as node:dgram's errors have it. */
  error(call: string): NodeJS.ErrnoException;
}

/** Numbers of Linux on x64 and arm64. */
const sockDgramNonblockCloexec = 2 | 0o4000 | 0o2000000;
const epollCloexec = 0o2000000;
const [epollCtlAdd, epollCtlDel, epollIn] = [1, 2, 1];
const [afInet6, longestV6Text] = [10, 46];
export const solSocket = 1;
export const soRcvbuf = 8;
export const ipprotoIpv6 = 41;
export const ipv6V6only = 26;

/** struct epoll_event, which only x64 packs. */
const [eventBytes, eventDataAt] = process.arch === 'x64' ? [12, 4] : [16, 8];

export const epollEvents = (count: number): Uint8Array => new Uint8Array(count * eventBytes);

export function epollFd(events: Uint8Array, index: number): number {
  const at = index * eventBytes + eventDataAt;
  return events[at]! | (events[at + 1]! << 8) | (events[at + 2]! << 16) | (events[at + 3]! << 24);
}

/** Loaded by who asks for it: the main process does without. Throws where it cannot be called. */
export function loadLibc(): Libc {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64'))
    throw new Error(`not written for ${platform} ${arch}`);
  return bindings(createRequire(import.meta.url)('koffi') as typeof import('koffi'));
}

function bindings(koffi: typeof import('koffi')): Libc {
  const own = koffi.load(null);
  const call = (signature: string): ((...args: unknown[]) => number) => own.func(signature);
  const socket = call('int socket(int, int, int)');
  const bind = call('int bind(int, void *, uint32_t)');
  const getsockname = call('int getsockname(int, void *, void *)');
  const setsockopt = call('int setsockopt(int, int, int, void *, uint32_t)');
  const recvfrom = call('intptr_t recvfrom(int, void *, size_t, int, void *, void *)');
  const sendto = call('intptr_t sendto(int, void *, size_t, int, void *, uint32_t)');
  const epollCreate = call('int epoll_create1(int)');
  const epollCtl = call('int epoll_ctl(int, int, int, void *)');
  const epollWait = call('int epoll_wait(int, void *, int, int)');
  const pton = call('int inet_pton(int, const char *, void *)');
  const ntop = own.func('const char *inet_ntop(int, void *, void *, uint32_t)');
  const event = epollEvents(1);
  const number = new Int32Array(1);
  const text = new Uint8Array(longestV6Text);
  return {
    socket: (family) => socket(family, sockDgramNonblockCloexec, 0),
    bind: (fd, address) => bind(fd, address, address.length),
    getsockname,
    setInt: (fd, level, option, value) => {
      number[0] = value;
      return setsockopt(fd, level, option, number, number.byteLength);
    },
    recvfrom: (fd, bytes, address, length) => recvfrom(fd, bytes, bytes.length, 0, address, length),
    sendto: (fd, bytes, address) => sendto(fd, bytes, bytes.length, 0, address, address.length),
    close: call('int close(int)'),
    epollCreate: () => epollCreate(epollCloexec),
    epollAdd: (epoll, fd) => {
      const view = new DataView(event.buffer);
      view.setUint32(0, epollIn, true);
      view.setInt32(eventDataAt, fd, true);
      return epollCtl(epoll, epollCtlAdd, fd, event);
    },
    epollRemove: (epoll, fd) => epollCtl(epoll, epollCtlDel, fd, event),
    epollWait: (epoll, events) => epollWait(epoll, events, events.length / eventBytes, 0),
    toBytes: (address, bytes) => pton(afInet6, address, bytes) === 1,
    toText: (bytes) => ntop(afInet6, bytes, text, text.length) as string,
    interfaceIndex: call('uint32_t if_nametoindex(const char *)'),
    error(name) {
      const code = getSystemErrorName(-koffi.errno());
      return Object.assign(new Error(`${name} ${code}`), { code, syscall: name });
    },
  };
}
