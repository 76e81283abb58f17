// What a SIP transport is: whole messages in, bytes of whole messages out, and the connections of those that have some.
import type { Address, Clock, Log, Network } from '../../base/index.ts';
import type { SipParseError, SipRequest, SipResponse } from '../message/index.ts';
import type { Peer, TransportName } from '../types.ts';

/** A stream connection, as those see it that want their answer or their next request to go over it. */
export interface Connection {
  readonly remote: Address;
  readonly open: boolean;
  /** Keeps an idle connection from being closed, until the returned function is called. */
  hold(): () => void;
}

/** Where a message came from. */
export interface Source {
  readonly peer: Peer;
  /** The connection it came over; undefined for UDP. */
  readonly connection: Connection | undefined;
}

export interface Sending {
  readonly bytes: Uint8Array;
  readonly to: Address;
  /** Goes over this connection while it is open, else over one to `to`. */
  readonly connection?: Connection | undefined;
  /** Milliseconds to wait for a new connection. */
  readonly connectTimeout?: number | undefined;
  /** At most once, and never from within send(). Silence is no promise that it arrived. */
  readonly onError: (error: Error) => void;
}

export interface TransportOptions {
  readonly clock: Clock;
  readonly network: Network;
  readonly log: Log;
  /** Most connections open at once. */
  readonly maxConnections: number;
  /** Of these, most that one far end may have opened. */
  readonly maxConnectionsPerHost: number;
  readonly onMessage: (message: SipRequest | SipResponse, source: Source) => void;
  /** What came is no message; `error.partial` may be answered. */
  readonly onBad: (error: SipParseError, source: Source) => void;
}

export interface Transport {
  readonly name: TransportName;
  /** True when nothing gets lost on the way, so that nothing is repeated (RFC 3261 17). */
  readonly reliable: boolean;
  /** Where it listens; known after listen(). */
  readonly local: Address;
  readonly connections: number;
  /** Rejects with the system's error when the address cannot be had. */
  listen(address: Address): Promise<void>;
  send(sending: Sending): void;
  close(): Promise<void>;
}
