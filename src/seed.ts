// The first records and keys, made at the first start and kept in the data folder. Rim file: writes keys.json.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, isFault, newSid, type Random, randomHex } from './base/index.ts';
import {
  type Account,
  type ApiKey,
  type Application,
  freshAccount,
  freshApplication,
  hashPassword,
  newApiToken,
  newWebhookSecret,
  type Records,
  type ServiceProvider,
  type User,
} from './store/index.ts';

/** keys.json. Every key in it works after each start. */
export interface Keys {
  service_provider_sid: string;
  sp_api_key: string;
  account_sid: string;
  account_api_key: string;
  admin_api_key: string;
  sip_realm: string;
  /** Null when the account came without one, or it was removed. */
  demo_application_sid: string | null;
  /** Of the first user; null when the database had users already. */
  admin_user: string | null;
  admin_password: string | null;
}

export interface Seed {
  keys: Keys;
  keysFile: string;
  /** True when keys were made by this start: to be shown once. */
  fresh: boolean;
}

export interface SeedOptions {
  records: Records;
  dataDir: string;
  clock: Clock;
  random: Random;
  /** What the demo application does; written again at each start, as it may name this server's port. */
  demo: Partial<Pick<Application, 'call_hook' | 'call_status_hook' | 'app_json'>>;
}

/**
 * An empty database gets a service provider, an account with a demo application, an admin, and keys. A database that has
 * records (a restart, or another server's) is left as it is: what keys.json names is used, else the first service
 * provider and its first account, and only missing keys are made, so that each data folder has its own.
 */
export async function seed(options: SeedOptions): Promise<Seed> {
  const { records, dataDir } = options;
  const keysFile = join(dataDir, 'keys.json');
  const kept = await readKeys(keysFile);
  const provider = await ensureProvider(options, kept);
  const { service_provider_sid } = provider;
  const account = await ensureAccount(options, kept, service_provider_sid);
  const { account_sid } = account;
  const admin = (await records.users.count()) > 0 ? undefined : await addAdmin(options);
  const nobody = { service_provider_sid: null, account_sid: null };
  const keys: Keys = {
    service_provider_sid,
    sp_api_key: await ensureKey(options, kept.sp_api_key, { ...nobody, service_provider_sid }),
    account_sid,
    account_api_key: await ensureKey(options, kept.account_api_key, { ...nobody, account_sid }),
    admin_api_key: await ensureKey(options, kept.admin_api_key, nobody),
    sip_realm: account.sip_realm ?? '',
    demo_application_sid: await refreshDemo(options, account_sid),
    admin_user: admin?.name ?? kept.admin_user ?? null,
    admin_password: admin?.password ?? kept.admin_password ?? null,
  };
  const fresh = (['sp_api_key', 'account_api_key', 'admin_api_key'] as const).some((name) => keys[name] !== kept[name]);
  if (JSON.stringify(keys) !== JSON.stringify(kept)) await writeKeys(keysFile, dataDir, keys);
  return { keys, keysFile, fresh };
}

async function readKeys(file: string): Promise<Partial<Keys>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Partial<Keys>;
  } catch {
    return {};
  }
}

async function writeKeys(file: string, dataDir: string, keys: Keys): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function ensureProvider(options: SeedOptions, kept: Partial<Keys>): Promise<ServiceProvider> {
  const { serviceProviders } = options.records;
  const known = kept.service_provider_sid && (await serviceProviders.get(kept.service_provider_sid));
  if (known) return known;
  const first = async (): Promise<ServiceProvider | undefined> => (await serviceProviders.list({ limit: 1 }))[0];
  const existing = await first();
  if (existing) return existing;
  const provider: ServiceProvider = {
    service_provider_sid: newSid(options.random),
    name: 'default service provider',
    description: null,
    root_domain: null,
    created_at: now(options),
  };
  return (await added(serviceProviders.insert(provider))) ? provider : ((await first()) ?? provider);
}

/** False when another server, seeding the same database at this moment, was quicker. */
const added = (insert: Promise<void>): Promise<boolean> =>
  insert.then(
    () => true,
    (error) => (isFault(error) && error.code === 'record-duplicate' ? false : Promise.reject(error)),
  );

async function ensureAccount(
  options: SeedOptions,
  kept: Partial<Keys>,
  service_provider_sid: string,
): Promise<Account> {
  const { accounts } = options.records;
  const known = kept.account_sid && (await accounts.get(kept.account_sid));
  if (known && known.service_provider_sid === service_provider_sid) return known;
  const existing = await accounts.find({ service_provider_sid });
  if (existing) return existing;
  const realm = 'default.crosspoint.internal';
  const account = freshAccount({
    account_sid: newSid(options.random),
    service_provider_sid,
    name: 'default account',
    sip_realm: (await accounts.find({ sip_realm: realm })) ? null : realm,
    webhook_secret: newWebhookSecret(options.random),
    created_at: now(options),
  });
  if (!(await added(accounts.insert(account)))) return (await accounts.find({ service_provider_sid })) ?? account;
  await options.records.applications.insert(demoApplication(options, account.account_sid));
  return account;
}

const demoName = 'demo';

const demoApplication = ({ random, clock, demo }: SeedOptions, account_sid: string): Application =>
  freshApplication({
    application_sid: newSid(random),
    account_sid,
    name: demoName,
    ...demo,
    created_at: now({ clock }),
  });

/** An application that was removed, or renamed by its owner, stays so. */
async function refreshDemo({ records, demo }: SeedOptions, account_sid: string): Promise<string | null> {
  const found = await records.applications.find({ account_sid, name: demoName });
  if (!found) return null;
  await records.applications.update(found.application_sid, demo);
  return found.application_sid;
}

async function addAdmin(options: SeedOptions): Promise<{ name: string; password: string } | undefined> {
  const [name, password] = ['admin', randomHex(options.random, 12)];
  const user: User = {
    user_sid: newSid(options.random),
    name,
    email: null,
    hashed_password: await hashPassword(password, options.random),
    service_provider_sid: null,
    account_sid: null,
    is_active: true,
    created_at: now(options),
  };
  return (await added(options.records.users.insert(user))) ? { name, password } : undefined;
}

type KeyOwner = Pick<ApiKey, 'service_provider_sid' | 'account_sid'>;

/** The kept token when it still opens what it should, else a new one. */
async function ensureKey(options: SeedOptions, kept: string | undefined, owner: KeyOwner): Promise<string> {
  const { apiKeys } = options.records;
  if (kept !== undefined && (await apiKeys.find({ token: kept, ...owner }))) return kept;
  const token = newApiToken(options.random);
  const api_key_sid = newSid(options.random);
  await apiKeys.insert({ api_key_sid, token, ...owner, expires_at: null, created_at: now(options), last_used: null });
  return token;
}

const now = ({ clock }: Pick<SeedOptions, 'clock'>): string => new Date(clock.now()).toISOString();
