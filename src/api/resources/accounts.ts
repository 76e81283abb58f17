// Accounts: create, read, list, update, and the secret their webhooks are signed with (rest-platform.md 8.2).
import { isRefusal, newSid, type Refusal } from '../../base/index.ts';
import { type Account, freshAccount, newWebhookSecret, type Records } from '../../store/index.ts';
import { anyone, type Caller, inProvider, ownAccount } from '../access.ts';
import { bucketSchema, readBucket, showBucket } from '../bucket.ts';
import { type ApiRequest, created, defineResource, noContent, ok } from '../define.ts';
import { bad, forbidden, missing, notFound } from '../problem.ts';
import {
  bit,
  flag,
  hook,
  hookReply,
  immutable,
  instant,
  list,
  name,
  object,
  orNull,
  reply,
  type Schema,
  sid,
  text,
} from '../schema.ts';
import { notYet, type Standing } from '../standing.ts';
import { readHooks, showHook } from '../webhook.ts';

/** Fields of the contract that mean nothing here yet: shown with these values, and taken only with them. */
const standing: Standing = {
  plan_type: 'trial',
  disable_cdrs: 0,
  enable_debug_log: 0,
  device_to_call_ratio: 5,
  trial_end_date: null,
  deactivated_reason: null,
  stripe_customer_id: null,
  subspace_client_id: null,
  subspace_client_secret: null,
  subspace_sip_teleport_id: null,
  subspace_sip_teleport_destinations: null,
};

const hooks = ['registration_hook', 'queue_event_hook'] as const;
const applicationSids = ['device_calling_application_sid', 'siprec_hook_sid'] as const;

const fields = {
  name: name(64),
  sip_realm: orNull(text(132, 'Domain of its SIP users')),
  registration_hook: hook,
  queue_event_hook: hook,
  device_calling_application_sid: orNull(sid),
  siprec_hook_sid: orNull(sid),
  is_active: flag,
  record_all_calls: flag,
  record_format: { type: 'string', enum: ['mp3', 'wav'] },
  bucket_credential: bucketSchema,
  webhook_secret: text(36),
  service_provider_sid: sid,
  created_at: { description: 'Ignored' },
  ...Object.fromEntries(Object.keys(standing).map((field) => [field, { description: 'Not in this version' }])),
} satisfies Record<string, Schema>;

const row: Schema = {
  ...reply({
    account_sid: sid,
    service_provider_sid: sid,
    name: text(64),
    sip_realm: orNull(text(132)),
    registration_hook: hookReply,
    queue_event_hook: hookReply,
    device_calling_application_sid: orNull(sid),
    siprec_hook_sid: orNull(sid),
    is_active: bit,
    record_all_calls: bit,
    record_format: { type: 'string', enum: ['mp3', 'wav'] },
    bucket_credential: { ...bucketSchema, description: 'Its secrets obscured' },
    webhook_secret: text(36, 'Not in lists'),
    created_at: instant,
  }),
  additionalProperties: true,
};

function show(account: Account, inList: boolean): object {
  const { webhook_secret, ...rest } = account;
  return {
    ...standing,
    ...rest,
    ...(!inList && { webhook_secret }),
    is_active: Number(account.is_active),
    record_all_calls: Number(account.record_all_calls),
    bucket_credential: showBucket(account.bucket_credential),
    registration_hook: showHook(account.registration_hook, inList),
    queue_event_hook: showHook(account.queue_event_hook, inList),
  };
}
const showRow = (account: Account): object => show(account, true);

type Body = Partial<Omit<Account, 'is_active' | 'record_all_calls'>> & {
  is_active?: boolean | number;
  record_all_calls?: boolean | number;
};

const realmPattern = /^(?=.{1,132}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/;

/** What a body changes. `current` is undefined when the account is made. */
async function patchOf(
  { caller, ports: { records }, body }: ApiRequest,
  current?: Account,
): Promise<Partial<Account> | Refusal> {
  const given = body as Body;
  const refusal = notYet(standing, body) ?? (await applicationRefusal(given, current?.account_sid, records));
  if (refusal) return refusal;
  const changed = readHooks(hooks, body, current);
  if (isRefusal(changed)) return changed;
  // What they are told goes in requests, never over a socket (app-interfaces.md 3.7, 3.8).
  const socket = hooks.find((field) => /^ws/i.test(changed[field]?.url ?? ''));
  if (socket) return bad(`${socket} URL must begin with http or https`, `${socket}.url`);
  const patch: Partial<Account> = { ...changed };
  if (given.name !== undefined) patch.name = given.name;
  if (given.is_active !== undefined) patch.is_active = Boolean(given.is_active);
  if (given.record_all_calls !== undefined) patch.record_all_calls = Boolean(given.record_all_calls);
  if (given.record_format !== undefined) patch.record_format = given.record_format;
  if (given.bucket_credential !== undefined) {
    const bucket = readBucket(given.bucket_credential, current?.bucket_credential ?? null);
    if (isRefusal(bucket)) return below('bucket_credential', bucket);
    patch.bucket_credential = bucket;
  }
  for (const field of applicationSids)
    if (given[field] !== undefined) patch[field] = given[field]?.toLowerCase() ?? null;
  if (given.sip_realm !== undefined) {
    const realm = given.sip_realm?.toLowerCase() || null;
    if (realm !== null && caller.scope === 'account' && realm !== current?.sip_realm)
      return bad('an account may not set its own sip_realm', 'sip_realm');
    if (realm !== null && !realmPattern.test(realm)) return bad('sip_realm must be a domain name', 'sip_realm');
    patch.sip_realm = realm;
  }
  return patch;
}

const below = (field: string, refusal: Refusal): Refusal => ({
  ...refusal,
  path: refusal.path ? `${field}.${refusal.path}` : field,
});

/** Only applications of the account itself. */
async function applicationRefusal(
  body: Body,
  account_sid: string | undefined,
  records: Records,
): Promise<Refusal | undefined> {
  for (const field of applicationSids) {
    const application_sid = body[field];
    if (!application_sid) continue;
    const found = await records.applications.get(application_sid);
    if (!found || found.account_sid !== account_sid) return bad(`unknown ${field}`, field);
  }
  return undefined;
}

/** An account takes part in nothing of its own making: only an admin or a service provider makes one. */
function providerFor(caller: Caller, given: unknown): string | Refusal {
  if (caller.scope === 'account') return forbidden();
  if (caller.scope === 'admin')
    return typeof given === 'string' ? given.toLowerCase() : missing('service_provider_sid');
  if (given === undefined || given === null || String(given).toLowerCase() === caller.service_provider_sid)
    return caller.service_provider_sid;
  return forbidden();
}

async function create(request: ApiRequest) {
  const { random, clock, records } = request.ports;
  const service_provider_sid = providerFor(request.caller, request.body.service_provider_sid);
  if (isRefusal(service_provider_sid)) return service_provider_sid;
  const patch = await patchOf(request);
  if (isRefusal(patch)) return patch;
  const account = freshAccount({
    account_sid: newSid(random),
    service_provider_sid,
    webhook_secret: newWebhookSecret(random),
    created_at: new Date(clock.now()).toISOString(),
    ...patch,
  });
  await records.accounts.insert(account);
  return created(account.account_sid);
}

async function update(request: ApiRequest) {
  const { params, body, ports } = request;
  const current = await ports.records.accounts.get(params.account_sid!);
  if (!current) return notFound();
  if (body.service_provider_sid !== undefined)
    return bad('service_provider_sid may not be changed', 'service_provider_sid');
  const patch = await patchOf(request, current);
  if (isRefusal(patch)) return patch;
  const { webhook_secret } = body as Body;
  if (webhook_secret === '') return bad('webhook_secret must not be empty', 'webhook_secret');
  if (webhook_secret !== undefined) patch.webhook_secret = webhook_secret;
  return (await ports.records.accounts.update(current.account_sid, patch)) ? noContent : notFound();
}

export const accounts = defineResource({
  name: 'Accounts',
  routes: [
    {
      method: 'POST',
      path: '/Accounts',
      summary: 'Make an account',
      access: anyone,
      body: object(fields, ['name']),
      reply: { status: 201, schema: reply({ sid }) },
      handle: create,
    },
    {
      method: 'GET',
      path: '/Accounts',
      summary: 'List the accounts that the key may see',
      access: anyone,
      reply: { status: 200, schema: list(row) },
      async handle({ caller, ports: { records } }) {
        if (caller.scope === 'admin') return ok((await records.accounts.list()).map(showRow));
        const { service_provider_sid } = caller;
        const where = caller.scope === 'account' ? { account_sid: caller.account_sid } : { service_provider_sid };
        return ok((await records.accounts.list({ where })).map(showRow));
      },
    },
    {
      method: 'GET',
      path: '/ServiceProviders/:service_provider_sid/Accounts',
      summary: "List a service provider's accounts; an account sees itself",
      access: inProvider,
      reply: { status: 200, schema: list(row) },
      async handle({ caller, params, ports: { records } }) {
        const service_provider_sid = params.service_provider_sid!;
        const own = caller.scope === 'account' ? { account_sid: caller.account_sid } : {};
        return ok((await records.accounts.list({ where: { service_provider_sid, ...own } })).map(showRow));
      },
    },
    {
      method: 'GET',
      path: '/Accounts/:account_sid',
      summary: 'Retrieve an account',
      access: ownAccount,
      reply: { status: 200, schema: row },
      async handle({ params, ports: { records } }) {
        const found = await records.accounts.get(params.account_sid!);
        return found ? ok(show(found, false)) : notFound();
      },
    },
    {
      method: 'PUT',
      path: '/Accounts/:account_sid',
      summary: 'Change an account',
      access: ownAccount,
      body: object({ ...fields, account_sid: immutable }),
      reply: { status: 204 },
      handle: update,
    },
    {
      method: 'GET',
      path: '/Accounts/:account_sid/WebhookSecret',
      summary: 'Read the secret that webhooks are signed with; `regenerate` makes a new one',
      access: ownAccount,
      query: { regenerate: text(32, 'Anything but empty') },
      reply: { status: 200, schema: reply({ webhook_secret: text(36) }) },
      async handle({ params, query, ports: { records, random } }) {
        const found = await records.accounts.get(params.account_sid!);
        if (!found) return notFound();
        if (!query.regenerate) return ok({ webhook_secret: found.webhook_secret });
        const webhook_secret = newWebhookSecret(random);
        await records.accounts.update(found.account_sid, { webhook_secret });
        return ok({ webhook_secret });
      },
    },
  ],
});
