// Applications: what answers a call. Full CRUD (rest-platform.md 8.5).
import { isRefusal, newSid, type Refusal } from '../../base/index.ts';
import { type Application, freshApplication, type WebhookRecord } from '../../store/index.ts';
import { type Access, accountFor, anyone, inProvider, mayUseAccount, ownAccount, visibleAccounts } from '../access.ts';
import { type Answer, type ApiRequest, created, defineResource, noContent, ok, type Route } from '../define.ts';
import { type EnvValues, envValuesRefusal, fetchEnvSchema } from '../env-vars.ts';
import { obscure } from '../obscure.ts';
import { paged, pagedReply, pagingQuery } from '../paging.ts';
import { bad, missing, notFound } from '../problem.ts';
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
import { readHooks, showHook, webhookSid } from '../webhook.ts';

const hooks = ['call_hook', 'call_status_hook', 'messaging_hook'] as const;

const speech = {
  speech_synthesis_vendor: orNull(text(64, 'Absent: the embedded voice')),
  speech_synthesis_language: orNull(text(64)),
  speech_synthesis_voice: orNull(text(256)),
  speech_synthesis_label: orNull(text(64)),
  speech_recognizer_vendor: orNull(text(64)),
  speech_recognizer_language: orNull(text(64)),
  speech_recognizer_label: orNull(text(64)),
  fallback_speech_synthesis_vendor: orNull(text(64)),
  fallback_speech_synthesis_language: orNull(text(64)),
  fallback_speech_synthesis_voice: orNull(text(256)),
  fallback_speech_synthesis_label: orNull(text(64)),
  fallback_speech_recognizer_vendor: orNull(text(64)),
  fallback_speech_recognizer_language: orNull(text(64)),
  fallback_speech_recognizer_label: orNull(text(64)),
} satisfies Record<string, Schema>;
const speechFields = Object.keys(speech) as (keyof typeof speech)[];

const fields: Record<string, Schema> = {
  name: name(64),
  account_sid: orNull(sid),
  service_provider_sid: orNull(sid),
  call_hook: hook,
  call_status_hook: hook,
  messaging_hook: hook,
  app_json: {
    type: ['string', 'array', 'null'],
    description: 'JSON text of an array of verbs, used in place of call_hook',
  },
  ...speech,
  use_for_fallback_speech: flag,
  record_all_calls: flag,
  env_vars: {
    type: ['object', 'null'],
    additionalProperties: { type: ['string', 'number', 'boolean'], maxLength: 8192 },
    description: 'Values of the environment variables that the application takes (AppEnv)',
  },
  created_at: { description: 'Ignored' },
};

const row: Schema = reply({
  application_sid: sid,
  account_sid: sid,
  service_provider_sid: orNull(sid),
  name: text(64),
  call_hook: hookReply,
  call_status_hook: hookReply,
  messaging_hook: hookReply,
  app_json: orNull(text(100_000)),
  ...speech,
  use_for_fallback_speech: bit,
  record_all_calls: bit,
  env_vars: { type: ['object', 'null'], description: 'Texts are obscured in lists' },
  created_at: instant,
});

function show(application: Application, inList: boolean): object {
  const shown = (field: (typeof hooks)[number]): object | null => {
    const kept = showHook(application[field], inList);
    return kept && { webhook_sid: webhookSid(application.application_sid, field), ...kept };
  };
  const { env_vars } = application;
  return {
    ...application,
    service_provider_sid: null,
    call_hook: shown('call_hook'),
    call_status_hook: shown('call_status_hook'),
    messaging_hook: shown('messaging_hook'),
    use_for_fallback_speech: Number(application.use_for_fallback_speech),
    record_all_calls: Number(application.record_all_calls),
    env_vars: env_vars && inList ? obscure(env_vars, Object.keys(env_vars)) : env_vars,
  };
}
const showRow = (application: Application): object => show(application, true);

/** What a body changes; hooks that a call needs cannot be cleared. */
async function patchOf({ body, ports }: ApiRequest, current?: Application): Promise<Partial<Application> | Refusal> {
  const changed = readHooks(hooks, body, current);
  if (isRefusal(changed)) return changed;
  for (const field of ['call_hook', 'call_status_hook'] as const) {
    if (changed[field] === null || (!current && !changed[field])) return missing(field);
  }
  const app_json = verbsText(body.app_json, ports.checkVerbs);
  if (isRefusal(app_json)) return app_json;
  const patch: Partial<Application> = { ...changed };
  if (app_json !== undefined) patch.app_json = app_json;
  if (typeof body.name === 'string') patch.name = body.name;
  for (const field of speechFields)
    if (body[field] !== undefined) patch[field] = (body[field] as string | null) || null;
  for (const field of ['use_for_fallback_speech', 'record_all_calls'] as const)
    if (body[field] !== undefined) patch[field] = Boolean(body[field]);
  if (body.env_vars !== undefined) patch.env_vars = body.env_vars as EnvValues | null;
  const refusal = await envRefusal(patch, current?.call_hook ?? undefined, ports.http);
  return refusal ?? patch;
}

/** The text that is kept: undefined leaves it, null clears it. */
function verbsText(given: unknown, check: ApiRequest['ports']['checkVerbs']): string | null | undefined | Refusal {
  if (given === undefined) return undefined;
  if (given === null || given === '') return null;
  let verbs = given;
  if (typeof given === 'string') {
    try {
      verbs = JSON.parse(given);
    } catch {
      return bad('app_json must be JSON text', 'app_json');
    }
  }
  if (!Array.isArray(verbs)) return bad('app_json must be an array of verbs', 'app_json');
  const refusal = check(verbs);
  if (!refusal) return typeof given === 'string' ? given : JSON.stringify(given);
  const path =
    refusal.path === undefined ? 'app_json' : `app_json${refusal.path.startsWith('[') ? '' : '.'}${refusal.path}`;
  return bad(`app_json: ${refusal.reason}`, path);
}

async function envRefusal(
  { env_vars, call_hook }: Partial<Application>,
  kept: WebhookRecord | undefined,
  http: ApiRequest['ports']['http'],
): Promise<Refusal | undefined> {
  const url = (call_hook ?? kept)?.url;
  if (!env_vars || url === undefined) return undefined;
  const schema = await fetchEnvSchema(url, http);
  if (isRefusal(schema)) return bad(schema.reason, 'env_vars');
  return schema && envValuesRefusal(env_vars, schema);
}

async function create(request: ApiRequest): Promise<Answer | Refusal> {
  const { caller, body, ports } = request;
  const account = await accountFor(caller, request.params.account_sid ?? body.account_sid, ports.records);
  if (isRefusal(account)) return account;
  const patch = await patchOf(request);
  if (isRefusal(patch)) return patch;
  const application = freshApplication({
    application_sid: newSid(ports.random),
    account_sid: account.account_sid,
    created_at: new Date(ports.clock.now()).toISOString(),
    ...patch,
  });
  await ports.records.applications.insert(application);
  return created(application.application_sid);
}

/** Somebody else's application is, to the caller, none. */
async function ownOne({ caller, params, ports: { records } }: ApiRequest): Promise<Application | Refusal> {
  const found = await records.applications.get(params.application_sid!);
  if (!found || (params.account_sid !== undefined && params.account_sid !== found.account_sid)) return notFound();
  return (await mayUseAccount(caller, found.account_sid, records)) ? notFound() : found;
}

async function update(request: ApiRequest): Promise<Answer | Refusal> {
  const { caller, body, ports } = request;
  const current = await ownOne(request);
  if (isRefusal(current)) return current;
  const patch = await patchOf(request, current);
  if (isRefusal(patch)) return patch;
  if (body.account_sid) {
    const account = await accountFor(caller, body.account_sid, ports.records);
    if (isRefusal(account)) return account;
    patch.account_sid = account.account_sid;
  }
  return (await ports.records.applications.update(current.application_sid, patch)) ? noContent : notFound();
}

async function remove(request: ApiRequest): Promise<Answer | Refusal> {
  const found = await ownOne(request);
  if (isRefusal(found)) return found;
  return (await request.ports.records.applications.remove(found.application_sid)) ? noContent : notFound();
}

/** The same below /Applications and, as older clients ask, below an account. */
function routesBelow(parent: string, access: Access): Route[] {
  const one = `${parent}/Applications/:application_sid`;
  const where = parent === '' ? '' : ' of an account';
  return [
    {
      method: 'POST',
      path: `${parent}/Applications`,
      summary: `Make an application${where}`,
      access,
      body: object(fields, ['name']),
      reply: { status: 201, schema: reply({ sid }) },
      handle: create,
    },
    {
      method: 'GET',
      path: one,
      summary: `Retrieve an application${where}`,
      access,
      reply: { status: 200, schema: row },
      async handle(request) {
        const found = await ownOne(request);
        return isRefusal(found) ? found : ok(show(found, false));
      },
    },
    {
      method: 'PUT',
      path: one,
      summary: `Change an application${where}; what is absent stays`,
      access,
      body: object({ ...fields, application_sid: immutable }),
      reply: { status: 204 },
      handle: update,
    },
    {
      method: 'DELETE',
      path: one,
      summary: `Remove an application${where}`,
      access,
      reply: { status: 204 },
      handle: remove,
    },
  ];
}

export const applications = defineResource({
  name: 'Applications',
  routes: [
    ...routesBelow('', anyone),
    {
      method: 'GET',
      path: '/Applications',
      summary: 'List the applications that the key may see',
      access: anyone,
      query: pagingQuery,
      reply: { status: 200, schema: pagedReply(row) },
      async handle({ caller, query, ports: { records } }) {
        const values = await visibleAccounts(caller, records);
        const which = values ? { among: { column: 'account_sid' as const, values } } : {};
        return ok(await paged(records.applications, query, which, showRow));
      },
    },
    {
      method: 'GET',
      path: '/Accounts/:account_sid/Applications',
      summary: "List an account's applications",
      access: ownAccount,
      query: pagingQuery,
      reply: { status: 200, schema: pagedReply(row) },
      async handle({ params, query, ports: { records } }) {
        return ok(await paged(records.applications, query, { where: { account_sid: params.account_sid! } }, showRow));
      },
    },
    {
      method: 'GET',
      path: '/ServiceProviders/:service_provider_sid/Applications',
      summary: "List a service provider's applications; an account sees its own",
      access: inProvider,
      reply: { status: 200, schema: list(row) },
      async handle({ caller, params, ports: { records } }) {
        const seen =
          caller.scope === 'account'
            ? caller
            : { scope: 'service_provider' as const, service_provider_sid: params.service_provider_sid! };
        const values = (await visibleAccounts(seen, records)) ?? [];
        return ok((await records.applications.list({ among: { column: 'account_sid', values } })).map(showRow));
      },
    },
    ...routesBelow('/Accounts/:account_sid', ownAccount),
  ],
});
