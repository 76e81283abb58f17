// Admission: whose call an INVITE is, and which application answers it (sip-edge.md 5, 6; live-call-control.md 5.3).
import { isSid, type Refusal, refuse } from '../base/index.ts';
import type { IncomingInvite } from '../sip/index.ts';
import type { Account, Application, Records } from '../store/index.ts';

/** Who may call what on this node. */
export interface InboundSettings {
  /** CROSSPOINT_DEV: callers on loopback reach any application by `app-<application_sid>`. */
  dev: boolean;
  /** Application that `sip:demo@…` reaches. */
  demoApplicationSid: string | undefined;
}

export interface Admission {
  account: Account;
  application: Application;
}

/** Lets a call in, or says with which SIP status it is turned away and why (`X-Reason`). */
export async function admit(
  invite: IncomingInvite,
  records: Records,
  settings: InboundSettings,
): Promise<Admission | Refusal> {
  const user = invite.request.uri.user ?? '';
  const sid = applicationSid(user, invite.peer.host, settings);
  if (typeof sid !== 'string') return sid;
  const application = await records.applications.get(sid);
  if (!application) return refuse('no-application', `there is no application ${sid}`, { sip: 404 });
  const account = await records.accounts.get(application.account_sid);
  if (!account) return refuse('no-account', `No Account exists for sid ${application.account_sid}`, { sip: 503 });
  if (!account.is_active) return refuse('account-inactive', 'Account exists but is inactive', { sip: 503 });
  return { account, application };
}

function applicationSid(user: string, sourceHost: string, settings: InboundSettings): string | Refusal {
  if (user === 'demo' && settings.demoApplicationSid !== undefined) return settings.demoApplicationSid;
  const sid = /^app-(.+)$/i.exec(user)?.[1];
  if (sid === undefined) return noRoute(user, settings);
  if (!settings.dev) return refuse('not-dev', 'app-… may be called only with CROSSPOINT_DEV=1', { sip: 403 });
  if (!isLoopback(sourceHost))
    return refuse('not-loopback', 'app-… may be called only from this machine', { sip: 403 });
  return isSid(sid) ? sid.toLowerCase() : refuse('no-application', `${sid} is no application_sid`, { sip: 404 });
}

function noRoute(user: string, { demoApplicationSid }: InboundSettings): Refusal {
  const answers =
    demoApplicationSid === undefined ? 'sip:app-<application_sid>@…, with CROSSPOINT_DEV=1' : 'sip:demo@…';
  return refuse('no-route', `nothing answers ${user || 'an empty user'}; what does: ${answers}`, { sip: 404 });
}

const isLoopback = (host: string): boolean => /^127\./.test(host) || host === '::1' || /^::ffff:127\./i.test(host);
