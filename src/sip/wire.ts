// The stack's way to the outside: sends messages, counts them, shows them to whoever traces.
import { errorText, type Log } from '../base/index.ts';
import { DEFAULT_PORT } from './locate.ts';
import { parseMessage, printMessage, type SipRequest, type SipResponse, startLine } from './message/index.ts';
import type { Connection, Source, Transports } from './transport/index.ts';
import type { Peer, SipTrace } from './types.ts';

export interface Packet {
  /** Absent for a repeat, whose message is not kept. */
  readonly message: SipRequest | SipResponse | undefined;
  readonly bytes: Uint8Array;
}

export interface Way {
  readonly to: Peer;
  readonly connection?: Connection | undefined;
  readonly connectTimeout?: number | undefined;
  readonly onError: (error: Error) => void;
}

const ignore = (): void => {};

export class Wire {
  received = 0;
  sent = 0;
  bad = 0;
  retransmitted = 0;
  onTrace: (trace: SipTrace) => void = ignore;
  readonly #transports: Transports;
  readonly #log: Log;

  constructor(transports: Transports, log: Log) {
    this.#transports = transports;
    this.#log = log;
  }

  send(packet: Packet, { to, connection, connectTimeout, onError }: Way): void {
    const repeat = packet.message === undefined;
    this.sent++;
    if (repeat) this.retransmitted++;
    if (this.onTrace !== ignore) {
      this.#trace('out', packet.message ?? parseMessage(packet.bytes), { peer: to, retransmission: repeat });
    }
    this.#transports.send(to, { bytes: packet.bytes, connection, connectTimeout, onError });
  }

  /** Sends a response that no transaction stands behind. */
  sendStateless(message: SipResponse, request: SipRequest, source: Source): void {
    const way = { to: responsePeer(request, source), connection: source.connection, onError: ignore };
    this.send({ message, bytes: printMessage(message) }, way);
  }

  /** The same, straight to where the request came from: its Via cannot be read. */
  sendBack(response: SipResponse, source: Source): void {
    this.sent++;
    this.#transports.send(source.peer, {
      bytes: printMessage(response),
      connection: source.connection,
      onError: ignore,
    });
  }

  traceIn(message: SipRequest | SipResponse, peer: Peer, retransmission: boolean): void {
    if (retransmission) this.retransmitted++;
    if (this.onTrace !== ignore) this.#trace('in', message, { peer, retransmission });
  }

  #trace(
    direction: SipTrace['direction'],
    message: SipRequest | SipResponse,
    { peer, retransmission }: { peer: Peer; retransmission: boolean },
  ): void {
    try {
      this.onTrace({ direction, peer, callId: message.callId, summary: startLine(message), message, retransmission });
    } catch (error) {
      this.#log.error('a SIP trace handler failed', { error: errorText(error) });
    }
  }
}

/** Where a response goes: RFC 3261 18.2.2, RFC 3581 4. Not to a `maddr`: it would let anybody send our responses to a third party. */
export function responsePeer(request: SipRequest, source: Source): Peer {
  const via = request.vias[0]!;
  const { transport, host, port } = source.peer;
  const symmetric = transport === 'udp' && via.params.has('rport');
  return { transport, host, port: symmetric ? port : (via.port ?? DEFAULT_PORT) };
}
