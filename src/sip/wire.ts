// The stack's way to the outside: sends messages, counts them, shows them to whoever traces.
import { errorText, type Log } from '../base/index.ts';
import { DEFAULT_PORT, isIpLiteral } from './locate.ts';
import { printMessage, type SipRequest, type SipResponse } from './message/index.ts';
import type { Connection, Source, Transports } from './transport/index.ts';
import type { Peer, SipTrace } from './types.ts';

export interface RequestRoute {
  readonly to: Peer;
  readonly connection?: Connection | undefined;
  readonly connectTimeout?: number | undefined;
  readonly repeat: boolean;
  readonly onError: (error: Error) => void;
}

export interface ResponseRoute {
  readonly request: SipRequest;
  readonly source: Source;
  readonly repeat: boolean;
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

  sendRequest(request: SipRequest, bytes: Uint8Array, route: RequestRoute): void {
    this.#traceOut(request, route.to, route.repeat);
    const { connection, connectTimeout, onError } = route;
    this.#transports.send(route.to, { bytes, connection, connectTimeout, onError });
  }

  /** Sends a response to where RFC 3261 18.2.2 and RFC 3581 4 say. */
  sendResponse(response: SipResponse, bytes: Uint8Array, route: ResponseRoute): void {
    const to = responsePeer(route.request, route.source);
    this.#traceOut(response, to, route.repeat);
    const connection = route.source.connection;
    this.#transports.send(to, { bytes, connection, onError: route.onError });
  }

  /** Sends a response that no transaction stands behind. */
  sendStateless(response: SipResponse, request: SipRequest, source: Source): void {
    this.sendResponse(response, printMessage(response), { request, source, repeat: false, onError: ignore });
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
    this.#trace('in', message, { peer, retransmission });
  }

  #traceOut(message: SipRequest | SipResponse, peer: Peer, retransmission: boolean): void {
    this.sent++;
    if (retransmission) this.retransmitted++;
    this.#trace('out', message, { peer, retransmission });
  }

  #trace(
    direction: SipTrace['direction'],
    message: SipRequest | SipResponse,
    { peer, retransmission }: { peer: Peer; retransmission: boolean },
  ): void {
    if (this.onTrace === ignore) return;
    try {
      this.onTrace({ direction, peer, callId: message.callId, summary: summaryOf(message), message, retransmission });
    } catch (error) {
      this.#log.error('a SIP trace handler failed', { error: errorText(error) });
    }
  }
}

export const summaryOf = (message: SipRequest | SipResponse): string =>
  message.kind === 'request'
    ? `${message.method} ${message.uriText} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;

function responsePeer(request: SipRequest, source: Source): Peer {
  const via = request.vias[0]!;
  const { transport, host, port } = source.peer;
  if (transport !== 'udp') return { transport, host, port: via.port ?? DEFAULT_PORT };
  const maddr = via.params.get('maddr');
  if (maddr !== undefined && isIpLiteral(maddr)) return { transport, host: maddr, port: via.port ?? DEFAULT_PORT };
  if (via.params.has('rport')) return { transport, host, port };
  return { transport, host, port: via.port ?? DEFAULT_PORT };
}
