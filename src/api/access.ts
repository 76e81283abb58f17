// Who calls the API and what they may touch: bearer tokens, three scopes, and no way from one tenant to another.
import { type Clock, isSid, type Log, type Refusal } from '../base/index.ts';
import type { Account, ApiKey, Records } from '../store/index.ts';
import type { ApiRequest } from './define.ts';
import { lastUsedMs } from './limits.ts';
import { bad, forbidden } from './problem.ts';

/** rest-platform.md 2.3. The scopes are exclusive: an admin is not implicitly an account. */
export type Caller =
  | { scope: 'admin' }
  | { scope: 'service_provider'; service_provider_sid: string }
  | { scope: 'account'; account_sid: string; service_provider_sid: string };

/** May this request go on? A refusal says why not. */
export type Access = (request: Omit<ApiRequest, 'body'>) => Promise<Refusal | undefined> | Refusal | undefined;

export type TokenAnswer = { token: string } | { status: 400 | 401 };

interface TokenSources {
  authorization: string | undefined;
  /** `access_token` of the query and of the body. */
  inQuery: unknown;
  inBody: unknown;
}

/** The token of a request (RFC 6750; rest-platform.md 2.1). More than one, or a header that is none, is a 400. */
export function readToken({ authorization, inQuery, inBody }: TokenSources): TokenAnswer {
  const given: unknown[] = [inQuery, inBody].filter((value) => value !== undefined);
  if (authorization !== undefined) {
    const parts = authorization.trim().split(' ');
    if (parts.length !== 2) return { status: 400 };
    if (/^bearer$/i.test(parts[0]!)) given.push(parts[1]);
  }
  if (given.length > 1) return { status: 400 };
  const [token] = given;
  if (token === undefined) return { status: 401 };
  return typeof token === 'string' ? { token } : { status: 400 };
}

/** Undefined when the token opens nothing. Both owners: the account, which may do less. */
export async function callerOf(token: string, records: Records, clock: Clock, log: Log): Promise<Caller | undefined> {
  if (!isSid(token)) return undefined;
  const key = await records.apiKeys.find({ token: token.toLowerCase() });
  if (!key || (key.expires_at !== null && Date.parse(key.expires_at) <= clock.now())) return undefined;
  noteUse(key, records, clock, log);
  if (key.account_sid !== null) {
    const account = await records.accounts.get(key.account_sid);
    if (!account) return undefined;
    const { account_sid, service_provider_sid } = account;
    return { scope: 'account', account_sid, service_provider_sid };
  }
  const { service_provider_sid } = key;
  return service_provider_sid === null ? { scope: 'admin' } : { scope: 'service_provider', service_provider_sid };
}

/** Nobody waits for it. */
function noteUse(key: ApiKey, records: Records, clock: Clock, log: Log): void {
  const now = clock.now();
  if (key.last_used !== null && now - Date.parse(key.last_used) < lastUsedMs) return;
  records.apiKeys
    .update(key.api_key_sid, { last_used: new Date(now).toISOString() })
    .catch((error) => log.warn('last_used of an API key was not written', { error }));
}

/** Any valid credential; the handler limits what is seen. */
export const anyone: Access = () => undefined;

export const adminOnly: Access = ({ caller }) => (caller.scope === 'admin' ? undefined : forbidden());

/** The account of the path: admin, its service provider, itself. */
export const ownAccount: Access = ({ caller, params, ports }) =>
  mayUseAccount(caller, params.account_sid!, ports.records);

/** The service provider of the path: admin and itself. */
export const ownProvider: Access = ({ caller, params }) =>
  caller.scope === 'admin' ||
  (caller.scope === 'service_provider' && caller.service_provider_sid === params.service_provider_sid)
    ? undefined
    : forbidden();

/** The same, and the accounts of that service provider, who see their own part. */
export const inProvider: Access = ({ caller, params }) =>
  caller.scope === 'admin' || caller.service_provider_sid === params.service_provider_sid ? undefined : forbidden();

/** A service provider may use its accounts; one that does not exist is nobody's but the admin's. */
export async function mayUseAccount(caller: Caller, sid: string, records: Records): Promise<Refusal | undefined> {
  if (caller.scope === 'admin') return undefined;
  if (caller.scope === 'account') return caller.account_sid === sid ? undefined : forbidden();
  const account = await records.accounts.get(sid);
  return account?.service_provider_sid === caller.service_provider_sid ? undefined : forbidden();
}

/** The accounts which a caller may see, as a filter on their sids; undefined means all. */
export async function visibleAccounts(caller: Caller, records: Records): Promise<string[] | undefined> {
  if (caller.scope === 'admin') return undefined;
  if (caller.scope === 'account') return [caller.account_sid];
  const { service_provider_sid } = caller;
  return (await records.accounts.list({ where: { service_provider_sid } })).map((account) => account.account_sid);
}

/**
 * The account that something is made for: the caller's own, or the one the body names.
 * Refused with 400 when it is missing or unknown, 403 when it is another's.
 */
export async function accountFor(caller: Caller, given: unknown, records: Records): Promise<Account | Refusal> {
  const wanted = caller.scope === 'account' ? (given ?? caller.account_sid) : given;
  if (typeof wanted !== 'string') return bad('missing field account_sid', 'account_sid');
  const sid = wanted.toLowerCase();
  const refusal = await mayUseAccount(caller, sid, records);
  if (refusal) return refusal;
  return (await records.accounts.get(sid)) ?? bad('unknown account_sid', 'account_sid');
}
