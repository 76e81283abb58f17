// The SIP stack: transports, transactions and dialogs put together behind the interface of types.ts.
import { type Address, type Clock, errorText, Fault, type Log, type Network, type Random } from '../base/index.ts';
import { type Attempt, ClientRequest } from './client-request.ts';
import { address, composeRequest, composeResponse, requestFault } from './compose.ts';
import { type Core, firstCSeq, newCallId, newTag } from './core.ts';
import { pathOf } from './dialog/state.ts';
import { DialogTable } from './dialog/table.ts';
import { Identity } from './identity.ts';
import {
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_HOST,
  MAX_DIALOGS,
  MAX_REFUSALS_PER_SECOND,
  MAX_TRANSACTIONS,
  OVERLOAD_RETRY_AFTER_SECONDS,
} from './limits.ts';
import { isIpLiteral } from './locate.ts';
import {
  isSipParseError,
  type SipParseError,
  type SipRequest,
  type SipResponse,
  sanityCheck,
  stampReceived,
} from './message/index.ts';
import { InviteClient } from './outgoing-invite.ts';
import { TcpRefusals } from './refusals.ts';
import { TransactionLayer } from './transaction/layer.ts';
import { type Source, Transports } from './transport/index.ts';
import type {
  IncomingInvite,
  IncomingRequest,
  OutgoingInvite,
  OutgoingInviteOptions,
  OutgoingRequestOptions,
  SipStack,
  SipStats,
  SipTrace,
} from './types.ts';
import { UserAgentServer } from './uas.ts';
import { Wire } from './wire.ts';

export interface SipStackOptions {
  clock: Clock;
  random: Random;
  network: Network;
  log: Log;
  /** Where to listen, on UDP and TCP. Port 0 takes a free one, the same for both when possible. */
  bind: Address;
  /** Host that others reach us at, when it is not the bound one. */
  advertise?: string;
  /** User-Agent and Server. */
  userAgent: string;
  /** Methods that are taken; see `defaultAllow`. */
  allow?: readonly string[];
  /** Option tags that are understood; none unless given. */
  supported?: readonly string[];
  /** In place of the numbers of limits.ts. */
  limits?: { transactions?: number; dialogs?: number; connections?: number; connectionsPerHost?: number };
}

export const createSipStack = (options: SipStackOptions): SipStack => new Stack(options);

class Stack implements SipStack {
  readonly #options: SipStackOptions;
  readonly #transports: Transports;
  readonly #core: Core;
  readonly #uas: UserAgentServer;
  #refusals = { second: 0, count: 0 };

  onInvite: (invite: IncomingInvite) => void = (invite) => invite.reject(480);
  onRequest: (request: IncomingRequest) => void = (request) => request.respond(405);

  constructor(options: SipStackOptions) {
    this.#options = options;
    const { clock, random, network, log, limits } = options;
    this.#transports = new Transports({
      clock,
      network,
      log,
      maxConnections: limits?.connections ?? MAX_CONNECTIONS,
      maxConnectionsPerHost: limits?.connectionsPerHost ?? MAX_CONNECTIONS_PER_HOST,
      onMessage: (message, source) => this.#guarded(source, () => this.#receive(message, source)),
      onBad: (error, source) => this.#guarded(source, () => this.#receiveBad(error, source)),
    });
    const wire = new Wire(this.#transports, log);
    const dialogs = new DialogTable(limits?.dialogs ?? MAX_DIALOGS);
    const layer = new TransactionLayer({
      limit: limits?.transactions ?? MAX_TRANSACTIONS,
      clock,
      wire,
      onRequest: (transaction) => this.#uas.receive(transaction),
      onAck: (ack) => dialogs.find(ack)?.receiveAck(ack),
      onCancel: (cancel, invite) => this.#uas.cancel(cancel, invite),
      onOverload: (request, source) => this.#overloaded(request, source),
      onStray: (response) => this.#stray(response),
    });
    const families = familiesOf(options.bind.host);
    this.#core = {
      clock,
      random,
      log,
      wire,
      layer,
      dialogs,
      identity: new Identity(options),
      locate: { resolver: network.resolver, random, families },
      refusals: new TcpRefusals(clock),
      outgoing: new Set(),
    };
    this.#uas = new UserAgentServer(this.#core, {
      onInvite: (invite) => this.onInvite(invite),
      onRequest: (request) => this.onRequest(request),
    });
  }

  get udp(): Address {
    return this.#transports.local('udp');
  }

  get tcp(): Address {
    return this.#transports.local('tcp');
  }

  get onTrace(): (trace: SipTrace) => void {
    return this.#core.wire.onTrace;
  }

  set onTrace(handler: (trace: SipTrace) => void) {
    this.#core.wire.onTrace = handler;
  }

  async start(): Promise<void> {
    const { bind, advertise } = this.#options;
    try {
      await this.#transports.listen(bind);
    } catch (error) {
      const text = `cannot listen for SIP on ${bind.host} port ${bind.port}: ${errorText(error)}`;
      throw new Fault('sip-bind', text, { cause: error });
    }
    for (const transport of ['udp', 'tcp'] as const) {
      const local = this.#transports.local(transport);
      this.#core.identity.listensAt(transport, { host: advertise ?? local.host, port: local.port });
    }
  }

  async close(): Promise<void> {
    const fault = new Fault('sip-closed', 'the server is shutting down', { retryable: true, sip: 503 });
    for (const one of [...this.#core.outgoing]) one.abort(fault);
    for (const dialog of this.#core.dialogs.all()) dialog.abort(fault);
    this.#core.layer.close();
    await this.#transports.close();
  }

  invite(options: OutgoingInviteOptions): OutgoingInvite {
    const invite = new InviteClient(this.#core, options);
    // In a turn of its own, so that the caller has set its handlers and knows the Call-ID before anything is sent.
    this.#core.clock.soon(() => invite.start());
    return invite;
  }

  request(options: OutgoingRequestOptions): Promise<SipResponse> {
    const { identity, random, outgoing } = this.#core;
    const { method, uri, from, to, proxy, headers, body, auth } = options;
    const wrong = requestFault(method, [uri, from.uri, to ?? uri, proxy ?? uri]);
    if (wrong) return Promise.reject(wrong);
    const path = pathOf(uri, proxy === undefined ? [] : [`<${proxy};lr>`]);
    const callId = newCallId(random);
    const first = firstCSeq(random);
    const fromText = address(from.uri, from.displayName, newTag(random));
    return new Promise((resolve, reject) => {
      const plan = {
        nextHop: path.nextHop,
        auth,
        compose: (attempt: Attempt) =>
          composeRequest(identity, {
            method,
            uri: path.uri,
            via: attempt.via,
            from: fromText,
            to: address(to ?? uri),
            callId,
            cseq: first + attempt.challenges,
            routes: path.routes,
            contact: identity.contact(attempt.transport),
            headers,
            own: attempt.credentials,
            body,
          }),
      };
      const sent = new ClientRequest(this.#core, plan, {
        onResponse: (response) => {
          if (response.status < 200) return;
          outgoing.delete(entry);
          resolve(response);
        },
        onFault: (fault) => entry.abort(fault),
      });
      const entry = {
        abort: (fault: Fault): void => {
          sent.stop();
          outgoing.delete(entry);
          reject(fault);
        },
      };
      outgoing.add(entry);
      sent.start();
    });
  }

  stats(): SipStats {
    const { received, sent, bad, retransmitted } = this.#core.wire;
    return {
      received,
      sent,
      bad,
      retransmitted,
      transactions: this.#core.layer.count,
      dialogs: this.#core.dialogs.size,
      connections: this.#transports.connections,
    };
  }

  /** A bug of ours that a message brings out must not take the socket's other messages with it. */
  #guarded(source: Source, handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#core.log.error('a SIP message could not be handled', { error: errorText(error), peer: source.peer });
    }
  }

  #receive(message: SipRequest | SipResponse, source: Source): void {
    const { wire, layer } = this.#core;
    wire.received++;
    const insanity = sanityCheck(message);
    if (insanity) {
      wire.bad++;
      if (message.kind === 'request' && insanity.status !== undefined) {
        this.#refuseStateless(message, source, { status: insanity.status, reason: insanity.reason });
      }
      return;
    }
    if (message.kind === 'response') layer.receiveResponse(message, source);
    else layer.receiveRequest(stampReceived(message, source.peer), source);
  }

  #receiveBad(error: SipParseError, source: Source): void {
    const { wire } = this.#core;
    wire.received++;
    wire.bad++;
    if (error.partial) this.#refuseStateless(error.partial, source, { status: error.status, reason: error.reason });
  }

  /** Answers what no transaction was made for. What cannot be answered is dropped. */
  #refuseStateless(request: SipRequest, source: Source, refusal: { status: number; reason: string }): void {
    if (request.header('Via') === undefined) return;
    const { identity, wire, random } = this.#core;
    const { status, reason } = refusal;
    const parts = { reason, toTag: newTag(random) };
    try {
      const stamped = stampReceived(request, source.peer);
      wire.sendStateless(composeResponse(identity, { request: stamped, status }, parts), stamped, source);
    } catch (error) {
      if (!isSipParseError(error)) throw error;
      wire.sendBack(composeResponse(identity, { request, status }, parts), source);
    }
  }

  /** No room for another transaction: 503, and silence when that is too much as well. */
  #overloaded(request: SipRequest, source: Source): void {
    const second = Math.floor(this.#core.clock.now() / 1000);
    if (second !== this.#refusals.second) this.#refusals = { second, count: 0 };
    if (++this.#refusals.count > MAX_REFUSALS_PER_SECOND) return;
    const headers = { 'Retry-After': String(OVERLOAD_RETRY_AFTER_SECONDS) };
    const parts = { reply: { headers }, toTag: newTag(this.#core.random) };
    this.#core.wire.sendStateless(
      composeResponse(this.#core.identity, { request, status: 503 }, parts),
      request,
      source,
    );
  }

  /** A 2xx that is still repeated after its transaction's end gets its ACK again (RFC 3261 13.2.2.4). */
  #stray(response: SipResponse): void {
    if (response.cseq.method !== 'INVITE' || response.status < 200 || response.status > 299) return;
    this.#core.dialogs.findByResponse(response)?.receiveRepeated2xx(response);
  }
}

const familiesOf = (host: string): readonly ('4' | '6')[] => {
  if (host === '::') return ['4', '6'];
  return isIpLiteral(host) && host.includes(':') ? ['6'] : ['4'];
};
