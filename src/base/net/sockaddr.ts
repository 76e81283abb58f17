// Socket addresses as Linux lays them out (struct sockaddr_in, sockaddr_in6), to and from text.
import type { Address } from '../network.ts';

/** What of the C library reads and writes addresses. */
export interface AddressWords {
  /** IPv6 text to 16 bytes; false when it is none. */
  toBytes(text: string, bytes: Uint8Array): boolean;
  /** 16 bytes to the shortest text (RFC 5952). */
  toText(bytes: Uint8Array): string;
  /** Number of an interface, 0 for none of that name. */
  interfaceIndex(name: string): number;
}

export const inet = 2;
export const inet6 = 10;
/** Bytes of the longer one. */
export const sockaddrBytes = 28;

const sockaddrInBytes = 16;
const digits = /^\d+$/;

/** Undefined when `host` is no numeric address. */
export function writeSockaddr({ host, port }: Address, words: AddressWords): Uint8Array | undefined {
  const isV6 = host.includes(':');
  const bytes = new Uint8Array(isV6 ? sockaddrBytes : sockaddrInBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isV6 ? inet6 : inet, true);
  view.setUint16(2, port);
  const isNumeric = isV6 ? writeV6(host, bytes, words) : writeV4(host, bytes);
  return isNumeric ? bytes : undefined;
}

function writeV4(host: string, bytes: Uint8Array): boolean {
  const parts = host.split('.');
  if (parts.length !== 4 || !parts.every((part) => digits.test(part) && Number(part) <= 255)) return false;
  bytes.set(parts.map(Number), 4);
  return true;
}

/** A link-local address names its interface behind a % (RFC 4007 11). */
function writeV6(host: string, bytes: Uint8Array, words: AddressWords): boolean {
  const [address = '', zone = ''] = host.split('%');
  const index = zone === '' || digits.test(zone) ? Number(zone) : words.interfaceIndex(zone);
  new DataView(bytes.buffer).setUint32(24, index, true);
  return words.toBytes(address, bytes.subarray(8, 24));
}

export function readSockaddr(bytes: Uint8Array, words: AddressWords): Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const port = view.getUint16(2);
  if (view.getUint16(0, true) !== inet6) return { host: bytes.subarray(4, 8).join('.'), port };
  const zone = view.getUint32(24, true);
  const host = words.toText(bytes.subarray(8, 24));
  return { host: zone === 0 ? host : `${host}%${zone}`, port };
}
