// ApiKeys: create, list, delete (rest-platform.md 7.4). The list shows tokens, as the contract says: it is where one looks them up.
import { isRefusal, newSid, type Refusal } from '../../base/index.ts';
import { type ApiKey, newApiToken } from '../../store/index.ts';
import { accountFor, anyone, inProvider, mayUseAccount, ownAccount } from '../access.ts';
import { type ApiRequest, created, defineResource, noContent, ok } from '../define.ts';
import { bad, notFound } from '../problem.ts';
import { instant, list, object, orNull, reply, type Schema, sid } from '../schema.ts';

const row: Schema = reply({
  api_key_sid: sid,
  token: sid,
  account_sid: orNull(sid),
  service_provider_sid: orNull(sid),
  expires_at: orNull(instant),
  last_used: orNull(instant),
  created_at: instant,
});

const show = (key: ApiKey): object => ({
  api_key_sid: key.api_key_sid,
  token: key.token,
  account_sid: key.account_sid,
  service_provider_sid: key.service_provider_sid,
  expires_at: key.expires_at,
  last_used: key.last_used,
  created_at: key.created_at,
});

type Owner = Pick<ApiKey, 'account_sid' | 'service_provider_sid'>;

/** Whose key it becomes. Both owners: the account, as its key may do less. Nobody gives a key that opens more than its own. */
async function ownerOf({ caller, body, ports: { records } }: ApiRequest): Promise<Owner | Refusal> {
  const { account_sid, service_provider_sid } = body as Partial<Record<keyof Owner, string | null>>;
  if (account_sid) {
    const account = await accountFor(caller, account_sid, records);
    if (isRefusal(account)) return { ...account, http: 400 };
    return { account_sid: account.account_sid, service_provider_sid: null };
  }
  if (caller.scope === 'account') return bad('missing field account_sid', 'account_sid');
  if (service_provider_sid) {
    const target = service_provider_sid.toLowerCase();
    if (caller.scope === 'service_provider' && caller.service_provider_sid !== target)
      return bad('insufficient permissions', 'service_provider_sid');
    return { account_sid: null, service_provider_sid: target };
  }
  if (caller.scope === 'admin') return { account_sid: null, service_provider_sid: null };
  return bad('missing field service_provider_sid or account_sid', 'service_provider_sid');
}

async function mayRemove({ caller, ports: { records } }: ApiRequest, key: ApiKey): Promise<boolean> {
  if (caller.scope === 'admin') return true;
  if (key.account_sid !== null) return (await mayUseAccount(caller, key.account_sid, records)) === undefined;
  return caller.scope === 'service_provider' && key.service_provider_sid === caller.service_provider_sid;
}

/** ISO 8601, or what else a date is written as. */
function expiry(value: unknown): string | null | Refusal {
  if (value === undefined || value === null) return null;
  const at = Date.parse(String(value));
  return Number.isNaN(at) ? bad('expires_at must be a date', 'expires_at') : new Date(at).toISOString();
}

export const apiKeys = defineResource({
  name: 'ApiKeys',
  routes: [
    {
      method: 'POST',
      path: '/ApiKeys',
      summary: 'Make an API key: for an account, a service provider, or (admin, naming neither) an admin',
      access: anyone,
      body: object({
        account_sid: orNull(sid),
        service_provider_sid: orNull(sid),
        expires_at: orNull({ type: 'string', maxLength: 64 }),
        token: { description: 'Ignored: tokens are made by the server' },
      }),
      reply: { status: 201, schema: reply({ sid, token: sid }) },
      async handle(request) {
        const owner = await ownerOf(request);
        if (isRefusal(owner)) return owner;
        const expires_at = expiry(request.body.expires_at);
        if (isRefusal(expires_at)) return expires_at;
        const { random, clock, records } = request.ports;
        const [api_key_sid, token] = [newSid(random), newApiToken(random)];
        const created_at = new Date(clock.now()).toISOString();
        await records.apiKeys.insert({ api_key_sid, token, ...owner, expires_at, created_at, last_used: null });
        return created(api_key_sid, { token });
      },
    },
    {
      method: 'DELETE',
      path: '/ApiKeys/:api_key_sid',
      summary: 'Revoke an API key, at once',
      access: anyone,
      reply: { status: 204 },
      async handle(request) {
        const { records } = request.ports;
        const key = await records.apiKeys.get(request.params.api_key_sid!);
        if (!key) return notFound();
        if (!(await mayRemove(request, key))) return bad('insufficient permissions');
        return (await records.apiKeys.remove(key.api_key_sid)) ? noContent : notFound();
      },
    },
    {
      method: 'GET',
      path: '/Accounts/:account_sid/ApiKeys',
      summary: "List an account's API keys",
      access: ownAccount,
      reply: { status: 200, schema: list(row) },
      async handle({ params, ports: { records } }) {
        return ok((await records.apiKeys.list({ where: { account_sid: params.account_sid! } })).map(show));
      },
    },
    {
      method: 'GET',
      path: '/ServiceProviders/:service_provider_sid/ApiKeys',
      summary: "List a service provider's API keys; an account sees its own",
      access: inProvider,
      reply: { status: 200, schema: list(row) },
      async handle({ caller, params, ports: { records } }) {
        const { account_sid } = caller.scope === 'account' ? caller : { account_sid: null };
        const service_provider_sid = account_sid === null ? params.service_provider_sid! : null;
        return ok((await records.apiKeys.list({ where: { account_sid, service_provider_sid } })).map(show));
      },
    },
  ],
});
