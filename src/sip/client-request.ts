// One request from its user's view: looked up, sent, tried again elsewhere or with credentials, until it has its answer.
import { addressText, errorText, Fault, isFault } from '../base/index.ts';
import { ClientAuth, type Credentials } from './client-auth.ts';
import { type Core, newBranch } from './core.ts';
import { MAX_AUTH_ATTEMPTS, MAX_UDP_REQUEST_BYTES, TCP_SWITCH_TIMEOUT } from './limits.ts';
import { canReach, locate, locateLiteral } from './locate.ts';
import {
  type HeaderLine,
  parseUri,
  printMessage,
  type SipRequest,
  type SipResponse,
  type SipUri,
} from './message/index.ts';
import type { ClientTransaction, ClientUser } from './transaction/client.ts';
import type { Connection } from './transport/index.ts';
import type { Peer, TransportName } from './types.ts';

/** How the message looks for one attempt. */
export interface Attempt {
  readonly via: string;
  /** Transport of the target: the one for Contact, also when a large request is sent over TCP instead. */
  readonly transport: TransportName;
  /** Authorization and Proxy-Authorization. */
  readonly credentials: readonly HeaderLine[];
  /** How many challenges have been answered: each makes a new request, with a new CSeq. */
  readonly challenges: number;
}

export interface RequestPlan {
  /** URI of the next hop: the first route, or the target. */
  readonly nextHop: string;
  compose(attempt: Attempt): SipRequest;
  /** The connection to use for this address in place of one of its own. */
  connectionTo?(to: Peer): Connection | undefined;
  /** For 401 and 407. */
  readonly auth?: Credentials | undefined;
}

export interface RequestUser {
  /** Every response but those that led to another attempt. */
  onResponse(response: SipResponse): void;
  /** No response: `sip-timeout`, `sip-transport` or `sip-dns`. Nothing follows. */
  onFault(fault: Fault): void;
}

interface Printed {
  readonly branch: string;
  readonly request: SipRequest;
  readonly bytes: Uint8Array;
}

export class ClientRequest implements ClientUser {
  /** The transaction of the latest attempt. */
  transaction: ClientTransaction | undefined;
  /** Credentials of the latest attempt; the ACK to a 2xx carries them too (RFC 3261 22.1). */
  credentials: readonly HeaderLine[] = [];
  readonly #core: Core;
  readonly #plan: RequestPlan;
  readonly #user: RequestUser;
  readonly #auth: ClientAuth | undefined;
  /** Addresses not tried yet. */
  #hops: Peer[] = [];
  /** The address that is being tried. */
  #hop: Peer | undefined;
  #challenges = 0;
  #settled = false;
  #stopped = false;
  /** The hop that gets the large request over UDP when TCP to it fails. */
  #fallback: Peer | undefined;

  constructor(core: Core, plan: RequestPlan, user: RequestUser) {
    this.#core = core;
    this.#plan = plan;
    this.#user = user;
    this.#auth = plan.auth && new ClientAuth(core.random, plan.auth);
  }

  /** Sends at once when the next hop is an address, else when it has been looked up. Faults come later, never from within. */
  start(): void {
    if (this.#stopped) return;
    let uri: SipUri;
    let literal: Peer | undefined;
    try {
      uri = parseUri(this.#plan.nextHop);
      literal = locateLiteral(uri);
    } catch (error) {
      const text = `"${this.#plan.nextHop}" is no address that a request can be sent to`;
      const fault = isFault(error) ? error : new Fault('sip-dns', text, { cause: error, sip: 400 });
      this.#core.clock.soon(() => this.#fail(fault));
      return;
    }
    if (literal && !canReach(literal.host, this.#core.locate.families)) {
      const text = `${literal.host} is of an address family that this server is not bound to`;
      this.#core.clock.soon(() => this.#fail(new Fault('sip-transport', text, { sip: 503 })));
    } else if (literal) {
      this.#hops = [literal];
      this.#next();
    } else void this.#lookUp(uri);
  }

  /** No more attempts: the outcome of the one under way is the outcome. */
  settle(): void {
    this.#hops = [];
    this.#settled = true;
  }

  /** Nothing more is told or tried; what is on its way goes on by itself. */
  stop(): void {
    this.#stopped = true;
  }

  async #lookUp(uri: SipUri): Promise<void> {
    try {
      const hops = await locate(uri, this.#core.locate);
      if (this.#stopped) return;
      this.#hops = hops;
    } catch (error) {
      this.#fail(isFault(error) ? error : new Fault('sip-dns', 'the address could not be looked up', { cause: error }));
      return;
    }
    this.#next();
  }

  #next(): boolean {
    const hop = this.#hops.shift();
    if (!hop) return false;
    this.#attempt(hop, true);
    return true;
  }

  /** RFC 3261 18.1.1: what is too large for a datagram goes over TCP, and over UDP after all when TCP is refused. */
  #attempt(hop: Peer, maySwitch: boolean): void {
    this.#hop = hop;
    this.#fallback = undefined;
    const printed = this.#printed(hop, hop.transport);
    const large = hop.transport === 'udp' && printed.bytes.length > MAX_UDP_REQUEST_BYTES;
    if (!large || !maySwitch || this.#core.refusals.has(addressText(hop))) {
      this.#send({ ...printed, to: hop });
      return;
    }
    this.#fallback = hop;
    this.#send({ ...this.#printed(hop, 'tcp'), to: { ...hop, transport: 'tcp' }, connectTimeout: TCP_SWITCH_TIMEOUT });
  }

  #printed(hop: Peer, transport: TransportName): Printed {
    const core = this.#core;
    const branch = newBranch(core.random);
    const request = this.#plan.compose({
      via: core.identity.via(transport, branch),
      transport: hop.transport,
      credentials: this.credentials,
      challenges: this.#challenges,
    });
    return { branch, request, bytes: printMessage(request) };
  }

  #send(sending: Printed & { to: Peer; connectTimeout?: number }): void {
    const connection = this.#plan.connectionTo?.(sending.to);
    this.transaction = this.#core.layer.request({ ...sending, connection }, this);
  }

  onResponse(response: SipResponse, transaction: ClientTransaction): void {
    if (this.#stopped) return;
    try {
      this.#receive(response, transaction);
    } catch (error) {
      this.#core.log.error('a SIP response could not be handled', { error: errorText(error) });
      this.#fail(new Fault('sip-bad-response', 'the far end answered in a way that cannot be read', { cause: error }));
    }
  }

  #receive(response: SipResponse, transaction: ClientTransaction): void {
    this.#fallback = undefined;
    const { status } = response;
    if ((status === 401 || status === 407) && this.#answered(response, transaction)) return;
    if (status === 503 && this.#next()) return;
    this.#user.onResponse(response);
  }

  #answered(response: SipResponse, transaction: ClientTransaction): boolean {
    if (this.#settled || this.#challenges >= MAX_AUTH_ATTEMPTS) return false;
    const credentials = this.#auth?.answer(response, transaction.request);
    if (!credentials) return false;
    this.#challenges++;
    this.credentials = credentials;
    if (this.#hop) this.#attempt(this.#hop, true);
    return true;
  }

  onTimeout(): void {
    if (this.#stopped || this.#next()) return;
    this.#fail(new Fault('sip-timeout', 'the far end did not answer', { retryable: true, sip: 408 }));
  }

  onTransportError(error: Error, transaction: ClientTransaction): void {
    if (this.#stopped) return;
    const fallback = this.#fallback;
    if (fallback) {
      this.#core.refusals.add(addressText(fallback));
      this.#attempt(fallback, false);
      return;
    }
    if (this.#next()) return;
    const text = `${addressText(transaction.to)} cannot be reached over ${transaction.to.transport.toUpperCase()}`;
    this.#fail(new Fault('sip-transport', text, { retryable: true, sip: 503, cause: error }));
  }

  #fail(fault: Fault): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#user.onFault(fault);
  }
}
