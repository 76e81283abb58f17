// The ACK to a 2xx: made by the dialog, not by the transaction, and sent again for every repeat of the 2xx (RFC 3261 13.2.2.4).
import { addressText } from '../../base/index.ts';
import { composeRequest } from '../compose.ts';
import { newBranch } from '../core.ts';
import { MAX_UDP_REQUEST_BYTES, TCP_SWITCH_TIMEOUT } from '../limits.ts';
import { locate, locateLiteral } from '../locate.ts';
import { type HeaderLine, parseUri, printMessage, type SipRequest } from '../message/index.ts';
import type { MessageBody, Peer, TransportName } from '../types.ts';
import type { SipDialog } from './dialog.ts';
import { connectionOf } from './outbound.ts';
import { pathOf, type RequestPath } from './state.ts';

export interface AcknowledgementOptions {
  readonly cseq: number;
  /** Credentials of the INVITE (RFC 3261 22.1). */
  readonly credentials: readonly HeaderLine[];
}

export class Acknowledgement {
  readonly cseq: number;
  readonly #dialog: SipDialog;
  readonly #credentials: readonly HeaderLine[];
  #path: RequestPath | undefined;
  #body: MessageBody | undefined;
  #to: Peer | undefined;
  #packet: { request: SipRequest; bytes: Uint8Array } | undefined;

  constructor(dialog: SipDialog, options: AcknowledgementOptions) {
    this.#dialog = dialog;
    this.cseq = options.cseq;
    this.#credentials = options.credentials;
  }

  /** Sends it for the first time. A second call does nothing. */
  send(body?: MessageBody): void {
    if (this.#path) return;
    const { facts, core } = this.#dialog;
    this.#body = body;
    this.#path = pathOf(facts.remoteTarget, facts.routes);
    try {
      const uri = parseUri(this.#path.nextHop);
      const literal = locateLiteral(uri);
      if (literal) this.#sendTo(literal);
      else
        locate(uri, core.locate).then(
          (hops) => this.#sendTo(hops[0]!),
          (error) => this.#failed(error),
        );
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Sends it without a body when it still waits for one: a BYE must not overtake it. */
  flush(): void {
    this.send();
  }

  again(): void {
    if (this.#to && this.#packet) this.#transmit(this.#to, this.#packet, true);
  }

  #sendTo(hop: Peer): void {
    const packet = this.#print(hop.transport);
    const large = hop.transport === 'udp' && packet.bytes.length > MAX_UDP_REQUEST_BYTES;
    this.#to = hop;
    this.#packet = packet;
    if (large && !this.#dialog.core.refusals.has(addressText(hop))) {
      this.#to = { ...hop, transport: 'tcp' };
      this.#packet = this.#print('tcp');
    }
    this.#transmit(this.#to, this.#packet, false);
  }

  #print(transport: TransportName): { request: SipRequest; bytes: Uint8Array } {
    const { core, facts } = this.#dialog;
    const request = composeRequest(core.identity, {
      method: 'ACK',
      uri: this.#path!.uri,
      via: core.identity.via(transport, newBranch(core.random)),
      from: facts.from,
      to: facts.to,
      callId: facts.callId,
      cseq: this.cseq,
      routes: this.#path!.routes,
      own: this.#credentials,
      body: this.#body,
    });
    return { request, bytes: printMessage(request) };
  }

  #transmit(to: Peer, packet: { request: SipRequest; bytes: Uint8Array }, repeat: boolean): void {
    const { core } = this.#dialog;
    const message = repeat ? undefined : packet.request;
    core.wire.send(
      { message, bytes: packet.bytes },
      {
        to,
        connection: connectionOf(this.#dialog, to),
        connectTimeout: TCP_SWITCH_TIMEOUT,
        onError: () => this.#refused(to),
      },
    );
  }

  /** Over TCP in vain: over UDP if it was there for its size only, else the far end repeats its 2xx and we try again. */
  #refused(to: Peer): void {
    const { core } = this.#dialog;
    if (to !== this.#to || to.transport !== 'tcp' || this.#path === undefined) return;
    if (parseUri(this.#path.nextHop).params.get('transport')?.toLowerCase() === 'tcp') return;
    core.refusals.add(addressText(to));
    this.#sendTo({ ...to, transport: 'udp' });
  }

  #failed(error: unknown): void {
    this.#dialog.core.log.warn('an ACK has no address to go to', { callId: this.#dialog.callId, error: String(error) });
  }
}
