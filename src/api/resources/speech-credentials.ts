// SpeechCredentials of accounts and, shared with their accounts, of service providers (rest-platform.md 10.1). Secrets go in and never come out whole.
import { isRefusal, newSid, type Refusal, refuse } from '../../base/index.ts';
import type { SpeechCredential } from '../../store/index.ts';
import { inProvider, mayUseAccount, ownAccount, ownProvider } from '../access.ts';
import { type Answer, type ApiRequest, created, defineResource, noContent, ok, type Route } from '../define.ts';
import { obscure, obscured } from '../obscure.ts';
import { bad, forbidden, notFound } from '../problem.ts';
import { bit, flag, immutable, instant, list, name, object, orNull, reply, type Schema, sid, text } from '../schema.ts';
import { allFields, formSchema, isAddress, type SpeechForm, speechForms } from '../speech-forms.ts';

const common: Record<string, Schema> = {
  vendor: { ...name(64), description: '`custom:<name>`' },
  label: orNull(text(64)),
  use_for_tts: flag,
  use_for_stt: flag,
  account_sid: orNull(sid),
  service_provider_sid: orNull(sid),
};

const row: Schema = reply({
  speech_credential_sid: sid,
  account_sid: orNull(sid),
  service_provider_sid: orNull(sid),
  vendor: text(64),
  label: orNull(text(64)),
  use_for_tts: bit,
  use_for_stt: bit,
  last_used: orNull(instant),
  last_tested: orNull(instant),
  tts_tested_ok: orNull(bit),
  stt_tested_ok: orNull(bit),
  created_at: instant,
  ...allFields(),
});

const formOf = (vendor: string): SpeechForm | undefined => speechForms.find((form) => form.takes(vendor));

/** Secrets are obscured; of what its service provider shares, an account sees none at all. */
function show(kept: SpeechCredential, { caller }: Pick<ApiRequest, 'caller'>): object {
  const secrets = formOf(kept.vendor)?.secrets ?? Object.keys(kept.credential);
  const shared = caller.scope === 'account' && kept.account_sid === null;
  const open = shared
    ? Object.fromEntries(Object.entries(kept.credential).filter(([field]) => !secrets.includes(field)))
    : obscure(kept.credential, secrets);
  const { credential: _, ...rest } = kept;
  return {
    ...rest,
    use_for_tts: Number(kept.use_for_tts),
    use_for_stt: Number(kept.use_for_stt),
    last_tested: null,
    tts_tested_ok: null,
    stt_tested_ok: null,
    ...open,
  };
}

type Owner = Pick<SpeechCredential, 'account_sid' | 'service_provider_sid'>;

/** The path's owner; below a service provider the body may name one of its accounts. */
async function ownerOf({ caller, params, body, ports: { records } }: ApiRequest): Promise<Owner | Refusal> {
  const { account_sid, service_provider_sid } = params;
  if (account_sid !== undefined)
    return (await records.accounts.get(account_sid)) ? { account_sid, service_provider_sid: null } : notFound();
  const named = typeof body.account_sid === 'string' ? body.account_sid.toLowerCase() : undefined;
  if (named === undefined)
    return caller.scope === 'account'
      ? forbidden()
      : { account_sid: null, service_provider_sid: service_provider_sid! };
  const account = await records.accounts.get(named);
  const refusal = await mayUseAccount(caller, named, records);
  if (refusal) return refusal;
  return account?.service_provider_sid === service_provider_sid
    ? { account_sid: named, service_provider_sid: null }
    : bad('unknown account_sid', 'account_sid');
}

type Credential = SpeechCredential['credential'];

/** The vendor's fields of a body over those that are kept. A secret that comes back obscured is unchanged. */
function credentialOf(form: SpeechForm, body: Record<string, unknown>, kept: Credential = {}): Credential | Refusal {
  const credential = { ...kept };
  for (const field of Object.keys(allFields())) {
    const value = body[field] as Credential[string] | undefined;
    if (value === undefined) continue;
    if (!(field in form.fields)) return bad(`unknown field ${field}`, field);
    const before = kept[field];
    if (form.secrets.includes(field) && typeof before === 'string' && value === obscured(before)) continue;
    if (isAddress(field) && value && !isServerUrl(value))
      return bad(`${field} must be an http, https, ws or wss URL`, field);
    credential[field] = value === '' ? null : value;
  }
  const lacking = form.required.find((field) => !credential[field]);
  return lacking === undefined ? credential : bad(`missing field ${lacking}`, lacking);
}

const isServerUrl = (value: unknown): boolean =>
  typeof value === 'string' && /^(https?|wss?):\/\//i.test(value) && URL.canParse(value);

async function create(request: ApiRequest): Promise<Answer | Refusal> {
  const { body, ports } = request;
  const vendor = String(body.vendor);
  const form = formOf(vendor);
  if (!form) return bad(`vendor ${vendor} is not in this version of Crosspoint; there is custom:<name>`, 'vendor');
  const owner = await ownerOf(request);
  if (isRefusal(owner)) return owner;
  const credential = credentialOf(form, body);
  if (isRefusal(credential)) return credential;
  const speech_credential_sid = newSid(ports.random);
  await ports.records.speechCredentials.insert({
    speech_credential_sid,
    ...owner,
    vendor,
    label: (body.label as string | null | undefined) || null,
    use_for_tts: Boolean(body.use_for_tts ?? true),
    use_for_stt: Boolean(body.use_for_stt ?? true),
    credential,
    created_at: new Date(ports.clock.now()).toISOString(),
    last_used: null,
  });
  return created(speech_credential_sid);
}

/** Below an account also what its service provider shares; to change that, one must be the provider. */
async function oneOf(request: ApiRequest, purpose: 'read' | 'write'): Promise<SpeechCredential | Refusal> {
  const { caller, params, ports } = request;
  const { records } = ports;
  const found = await records.speechCredentials.get(params.speech_credential_sid!);
  if (!found) return notFound();
  if (params.account_sid !== undefined && found.account_sid === params.account_sid) return found;
  const provider =
    params.service_provider_sid ?? (await records.accounts.get(params.account_sid!))?.service_provider_sid;
  const owner =
    found.account_sid === null
      ? found.service_provider_sid
      : (await records.accounts.get(found.account_sid))?.service_provider_sid;
  if (provider === undefined || owner !== provider) return notFound();
  if (found.account_sid !== null) {
    // Below its service provider an account's credential is reached by those who may use the account.
    const reachable =
      params.service_provider_sid !== undefined && !(await mayUseAccount(caller, found.account_sid, records));
    return reachable ? found : notFound();
  }
  return caller.scope === 'account' ? (purpose === 'read' ? forbidden() : forbidden('Insufficient privileges')) : found;
}

async function update(request: ApiRequest): Promise<Answer | Refusal> {
  const { body, ports } = request;
  const kept = await oneOf(request, 'write');
  if (isRefusal(kept)) return kept;
  for (const field of ['vendor', 'label', 'account_sid', 'service_provider_sid'] as const) {
    const given = body[field];
    if (given !== undefined && (given || null) !== kept[field] && !(field.endsWith('_sid') && given === null))
      return bad(`${field} may not be changed`, field);
  }
  const form = formOf(kept.vendor);
  const credential = form ? credentialOf(form, body, kept.credential) : kept.credential;
  if (isRefusal(credential)) return credential;
  const patch: Partial<SpeechCredential> = { credential };
  for (const use of ['use_for_tts', 'use_for_stt'] as const)
    if (body[use] !== undefined) patch[use] = Boolean(body[use]);
  const { speechCredentials } = ports.records;
  return (await speechCredentials.update(kept.speech_credential_sid, patch)) ? noContent : notFound();
}

async function remove(request: ApiRequest): Promise<Answer | Refusal> {
  const found = await oneOf(request, 'write');
  if (isRefusal(found)) return found;
  const { speechCredentials } = request.ports.records;
  return (await speechCredentials.remove(found.speech_credential_sid)) ? noContent : notFound();
}

/** What cannot be tried, or needs no trial, is `not tested`. */
async function probe(request: ApiRequest): Promise<Answer | Refusal> {
  const kept = await oneOf(request, 'read');
  if (isRefusal(kept)) return kept;
  const { probeSynthesizer } = request.ports;
  const untested = { status: 'not tested' };
  const tts = kept.use_for_tts && probeSynthesizer ? await probeSynthesizer(kept.vendor, kept.credential) : untested;
  return ok({ tts, stt: untested });
}

const probeSide = reply({ status: { type: 'string', enum: ['ok', 'fail', 'not tested'] }, reason: text(1000) });

/** The same routes below an account and below a service provider. */
function routesBelow(
  parent: string,
  whose: string,
  access: { read: Route['access']; write: Route['access'] },
): Route[] {
  const all = `${parent}/SpeechCredentials`;
  const one = `${all}/:speech_credential_sid`;
  const fixed = { speech_credential_sid: immutable };
  return [
    {
      method: 'POST',
      path: all,
      summary: `Make a speech credential of ${whose}`,
      access: access.write,
      body: formSchema(common, ['vendor']),
      reply: { status: 201, schema: reply({ sid }) },
      handle: create,
    },
    {
      method: 'GET',
      path: all,
      summary: `List the speech credentials of ${whose}, secrets obscured`,
      access: access.read,
      reply: { status: 200, schema: list(row) },
      async handle(request) {
        return ok((await visible(request)).map((kept) => show(kept, request)));
      },
    },
    {
      method: 'GET',
      path: one,
      summary: 'Retrieve a speech credential, secrets obscured',
      access: access.read,
      reply: { status: 200, schema: row },
      async handle(request) {
        const found = await oneOf(request, 'read');
        return isRefusal(found) ? found : ok(show(found, request));
      },
    },
    {
      method: 'PUT',
      path: one,
      summary: 'Change a speech credential; what is absent stays',
      access: access.write,
      body: object({ ...common, ...allFields(), ...fixed }),
      reply: { status: 204 },
      handle: update,
    },
    {
      method: 'DELETE',
      path: one,
      summary: 'Remove a speech credential',
      access: access.write,
      reply: { status: 204 },
      handle: remove,
    },
    {
      method: 'GET',
      path: `${one}/test`,
      summary: 'Try a speech credential',
      access: access.read,
      reply: { status: 200, schema: reply({ tts: probeSide, stt: probeSide }) },
      handle: probe,
    },
  ];
}

/** The owner's first, then what its service provider shares. */
async function visible({ caller, params, ports: { records } }: ApiRequest): Promise<SpeechCredential[]> {
  const { speechCredentials, accounts } = records;
  const account_sid = params.account_sid ?? (caller.scope === 'account' ? caller.account_sid : undefined);
  const own = account_sid === undefined ? [] : await speechCredentials.list({ where: { account_sid } });
  const service_provider_sid =
    params.service_provider_sid ?? (await accounts.get(params.account_sid!))?.service_provider_sid;
  if (service_provider_sid === undefined) return own;
  return [...own, ...(await speechCredentials.list({ where: { service_provider_sid, account_sid: null } }))];
}

/** Languages and voices of the vendors that have a catalogue; a custom vendor's server decides itself. */
const noCatalogue: Route = {
  method: 'GET',
  path: '/Accounts/:account_sid/SpeechCredentials/speech/supportedLanguagesAndVoices',
  summary: 'Languages and voices of a vendor',
  access: ownAccount,
  query: { vendor: text(64), label: text(64) },
  reply: { status: 200, schema: reply({}) },
  handle: async ({ query }) =>
    query.vendor
      ? refuse('vendor-unknown', `Invalid vendor ${query.vendor}`, { http: 422, path: 'vendor' })
      : bad('vendor is required', 'vendor'),
};

export const speechCredentials = defineResource({
  name: 'SpeechCredentials',
  routes: [
    ...routesBelow('/Accounts/:account_sid', 'an account', { read: ownAccount, write: ownAccount }),
    noCatalogue,
    ...routesBelow('/ServiceProviders/:service_provider_sid', 'a service provider', {
      read: inProvider,
      write: ownProvider,
    }),
  ],
});
