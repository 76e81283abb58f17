// SIP over UDP: a datagram is a message (RFC 3261 18).
import type { Address, UdpSocket } from '../../base/index.ts';
import { UDP_RECEIVE_BUFFER } from '../limits.ts';
import { isSipParseError, parseMessage, type SipRequest, type SipResponse } from '../message/index.ts';
import type { Sending, Transport, TransportOptions } from './transport.ts';

export class UdpTransport implements Transport {
  readonly name = 'udp';
  readonly reliable = false;
  readonly connections = 0;
  readonly #options: TransportOptions;
  #socket: UdpSocket | undefined;
  #local: Address = { host: '', port: 0 };

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get local(): Address {
    return this.#local;
  }

  async listen(address: Address): Promise<void> {
    const { network, log } = this.#options;
    const socket = await network.udp({ ...address, receiveBufferBytes: UDP_RECEIVE_BUFFER });
    this.#socket = socket;
    this.#local = socket.local;
    socket.onError = (error) => log.debug('udp socket error', { error: error.message });
    socket.onMessage = (data, from) => {
      if (!isPing(data)) this.#receive(data, from);
    };
  }

  #receive(data: Uint8Array, from: Address): void {
    const source = { peer: { transport: 'udp', host: from.host, port: from.port }, connection: undefined } as const;
    let message: SipRequest | SipResponse;
    try {
      // A copy: the message keeps its body.
      message = parseMessage(Buffer.from(data));
    } catch (error) {
      if (!isSipParseError(error)) throw error;
      this.#options.onBad(error, source);
      return;
    }
    this.#options.onMessage(message, source);
  }

  /** UDP says nothing of what gets lost: `onError` is called only when there is no socket. */
  send({ bytes, to, onError }: Sending): void {
    if (this.#socket) this.#socket.send(bytes, to.port, to.host);
    else this.#options.clock.soon(() => onError(new Error('the UDP socket is closed')));
  }

  async close(): Promise<void> {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** Phones keep their NAT's door open with empty datagrams, single bytes and bare line ends (RFC 5626 3.5.1). */
function isPing(data: Uint8Array): boolean {
  if (data.length > 8) return false;
  for (const byte of data) if (byte !== 13 && byte !== 10 && byte !== 0 && byte !== 32) return false;
  return true;
}
