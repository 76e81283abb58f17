// What becomes of a request: refused by rule (RFC 3261 8.2), given to its dialog, or handed to the user.
import { errorText } from '../base/index.ts';
import { composeResponse } from './compose.ts';
import { type Core, firstCSeq, newTag } from './core.ts';
import { SipDialog } from './dialog/dialog.ts';
import { serverDialog } from './dialog/state.ts';
import { InviteServer } from './incoming-invite.ts';
import { OVERLOAD_RETRY_AFTER_SECONDS } from './limits.ts';
import { isSipParseError, type SipRequest } from './message/index.ts';
import { Responder } from './responder.ts';
import { MAGIC_COOKIE } from './transaction/keys.ts';
import type { ServerTransaction } from './transaction/server.ts';
import type { ExtraHeaders, IncomingInvite, IncomingRequest } from './types.ts';

export interface UasUser {
  onInvite: (invite: IncomingInvite) => void;
  onRequest: (request: IncomingRequest) => void;
}

interface Refused {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: ExtraHeaders;
}

/** What may stand in an INVITE's body. */
const ACCEPT = 'application/sdp';

export class UserAgentServer {
  readonly #core: Core;
  readonly #user: UasUser;

  constructor(core: Core, user: UasUser) {
    this.#core = core;
    this.#user = user;
  }

  /** Every request gets an answer, also when a header that nobody looked at before is malformed, or we have a bug. */
  receive(transaction: ServerTransaction): void {
    try {
      this.#receive(transaction);
    } catch (error) {
      const malformed = isSipParseError(error);
      if (!malformed) this.#core.log.error('a SIP request could not be handled', { error: errorText(error) });
      if (transaction.open)
        this.#refuse(transaction, malformed ? { status: 400, reason: error.message } : { status: 500 });
    }
  }

  #receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    const refusal = this.#refusal(transaction);
    if (refusal) return this.#refuse(transaction, refusal);
    if (request.toTag !== undefined) {
      const dialog = this.#core.dialogs.find(request);
      if (dialog) dialog.receive(transaction);
      else this.#refuse(transaction, { status: 481 });
      return;
    }
    switch (request.method) {
      case 'INVITE':
        return this.#invite(transaction);
      case 'OPTIONS':
        return this.#refuse(transaction, { status: 200, headers: this.#abilities() });
      case 'BYE':
      case 'UPDATE':
      case 'PRACK':
      case 'INFO':
      case 'NOTIFY':
        // They live in dialogs only; we subscribe to nothing outside (RFC 6665 4.1.3).
        return this.#refuse(transaction, { status: 481 });
      case 'REFER':
        // Nobody's call is to be sent elsewhere (RFC 3515 2.4.2).
        return this.#refuse(transaction, { status: 403 });
      default:
        return new Responder(this.#core, transaction, { toTag: newTag(this.#core.random) }).handOver((one) =>
          this.#user.onRequest(one),
        );
    }
  }

  /** RFC 3261 9.2. The CANCEL has an answer of its own; what it does to the INVITE comes second. */
  cancel(cancel: ServerTransaction, invite: ServerTransaction | undefined): void {
    if (!invite) return this.#refuse(cancel, { status: 481 });
    const { request } = cancel;
    const toTag = invite.toTag ?? newTag(this.#core.random);
    cancel.respond(composeResponse(this.#core.identity, { request, status: 200 }, { toTag }));
    if (invite.open) invite.user?.onCancel?.(request);
  }

  /** Status and headers of the first rule that the request breaks, in the order of RFC 3261 8.2. */
  #refusal(transaction: ServerTransaction): Refused | undefined {
    const { identity, layer } = this.#core;
    const { request } = transaction;
    const verdict = identity.verdict(request.method);
    if (verdict === 'unknown') return { status: 501 };
    if (verdict === 'known') return { status: 405 };
    if (request.maxForwards === 0 && request.method !== 'OPTIONS') return { status: 483 };
    if (request.toTag === undefined && layer.isMerged(transaction)) return { status: 482 };
    const unsupported = identity.unsupported(request.values('Require'));
    if (unsupported.length > 0) return { status: 420, headers: { Unsupported: unsupported.join(', ') } };
    return contentRefusal(request);
  }

  #invite(transaction: ServerTransaction): void {
    const core = this.#core;
    const { request, source } = transaction;
    // Only RFC 2543 let callers leave it out; they are called back at their From.
    if (request.contacts.length === 0 && isModern(request)) {
      return this.#refuse(transaction, { status: 400, reason: 'Contact: missing' });
    }
    if (core.dialogs.full) {
      const headers = { 'Retry-After': String(OVERLOAD_RETRY_AFTER_SECONDS) };
      return this.#refuse(transaction, { status: 503, headers });
    }
    transaction.respond(composeResponse(core.identity, { request, status: 100 }));
    const dialog = new SipDialog(core, {
      facts: serverDialog(request, { localTag: newTag(core.random), firstCSeq: firstCSeq(core.random) }),
      peer: source.peer,
      connection: source.connection,
      contactUser: request.uri.user,
      caller: false,
    });
    const invite = new InviteServer(core, transaction, dialog);
    try {
      this.#user.onInvite(invite);
    } catch (error) {
      core.log.error('the handler of a call failed', { callId: request.callId, error: errorText(error) });
      invite.reject(500);
    }
  }

  /** What OPTIONS is answered with (RFC 3261 11.2). */
  #abilities(): ExtraHeaders {
    return {
      Accept: ACCEPT,
      'Accept-Encoding': 'identity',
      'Accept-Language': 'en',
      Supported: this.#core.identity.supported,
    };
  }

  #refuse(transaction: ServerTransaction, { status, reason, headers }: Refused): void {
    const { identity, random } = this.#core;
    const { request } = transaction;
    const reply = headers && { headers };
    transaction.respond(composeResponse(identity, { request, status }, { toTag: newTag(random), reason, reply }));
  }
}

const isModern = (request: SipRequest): boolean =>
  request.vias[0]?.params.get('branch')?.startsWith(MAGIC_COOKIE) ?? false;

/** RFC 3261 8.2.3: session descriptions in INVITE and UPDATE; nothing compressed anywhere. */
function contentRefusal(request: SipRequest): Refused | undefined {
  if (request.body.length === 0) return undefined;
  const encodings = request.values('Content-Encoding').filter((one) => one.toLowerCase() !== 'identity');
  if (encodings.length > 0) return { status: 415, headers: { 'Accept-Encoding': 'identity' } };
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return undefined;
  const type = request.contentType;
  const fine = type === ACCEPT || type?.startsWith('multipart/') || isOptional(request);
  return fine ? undefined : { status: 415, headers: { Accept: ACCEPT } };
}

/** RFC 3261 20.11: content that its sender lets us ignore. */
const isOptional = (request: SipRequest): boolean =>
  /;[ \t]*handling[ \t]*=[ \t]*optional/i.test(request.header('Content-Disposition') ?? '');
