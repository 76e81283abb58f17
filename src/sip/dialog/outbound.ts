// Requests of ours inside a dialog (RFC 3261 12.2.1).
import { ClientRequest, type RequestPlan, type RequestUser } from '../client-request.ts';
import { cancelOf, composeRequest } from '../compose.ts';
import type { Core } from '../core.ts';
import type { ClientTransaction } from '../transaction/client.ts';
import type { Connection } from '../transport/index.ts';
import type { Peer, Reply } from '../types.ts';
import type { SipDialog } from './dialog.ts';
import { pathOf } from './state.ts';

/** Requests that carry a Contact: they refresh the target. */
const refreshing = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'REFER', 'NOTIFY']);

export function sendInDialog(
  dialog: SipDialog,
  what: { method: string; reply: Reply },
  user: RequestUser,
): ClientRequest {
  const { core, facts } = dialog;
  const { method, reply } = what;
  const path = pathOf(facts.remoteTarget, facts.routes);
  let cseq = 0;
  let challenges = -1;
  const plan: RequestPlan = {
    nextHop: path.nextHop,
    auth: dialog.auth,
    connectionTo: (to) => connectionOf(dialog, to),
    compose(attempt) {
      if (attempt.challenges !== challenges) cseq = ++facts.localSeq;
      challenges = attempt.challenges;
      return composeRequest(core.identity, {
        method,
        uri: path.uri,
        via: attempt.via,
        from: facts.from,
        to: facts.to,
        callId: facts.callId,
        cseq,
        routes: path.routes,
        contact: refreshing.has(method)
          ? core.identity.contact(attempt.transport, dialog.contactUser, dialog.contactParameters)
          : undefined,
        headers: reply.headers,
        own: attempt.credentials,
        body: reply.body,
      });
    },
  };
  const request = new ClientRequest(core, plan, user);
  request.start();
  return request;
}

const ignoring = { onResponse: () => {}, onTimeout: () => {}, onTransportError: () => {} };

/** Sends the CANCEL of an INVITE that has had a provisional answer, the way the INVITE went (RFC 3261 9.1). */
export function cancelInvite(core: Core, invite: ClientTransaction, reasonHeader?: string): void {
  const request = cancelOf(invite.request, reasonHeader);
  const branch = invite.request.vias[0]!.params.get('branch')!;
  core.layer.request({ request, branch, to: invite.to, connection: invite.connection }, ignoring);
}

/**
 * A far end that came over TCP is asked over the same connection while it lives, also when its Contact names another port:
 * phones behind NAT cannot be connected to.
 */
export function connectionOf(dialog: SipDialog, to: Peer): Connection | undefined {
  const { connection } = dialog;
  return to.transport === 'tcp' && connection?.open && connection.remote.host === to.host ? connection : undefined;
}
