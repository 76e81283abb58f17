// Whole records for tests: everything filled in, what matters given.
import { newSid, realRandom } from '../../src/base/index.ts';
import {
  type Account,
  type ApiKey,
  type Application,
  freshAccount,
  freshApplication,
  type Records,
  type ServiceProvider,
  type SpeechCredential,
  type User,
} from '../../src/store/index.ts';

const random = realRandom();
export const sid = (): string => newSid(random);
const created_at = '2026-03-01T12:00:00.123Z';

export const aServiceProvider = (given: Partial<ServiceProvider> = {}): ServiceProvider => ({
  service_provider_sid: sid(),
  name: `sp ${sid()}`,
  description: null,
  root_domain: null,
  created_at,
  ...given,
});

export const anAccount = (given: Partial<Account> & Pick<Account, 'service_provider_sid'>): Account =>
  freshAccount({
    account_sid: sid(),
    name: 'account',
    webhook_secret: 'wh_secret_1234567890123456789012',
    created_at,
    ...given,
  });

export const anApplication = (given: Partial<Application> & Pick<Application, 'account_sid'>): Application =>
  freshApplication({
    application_sid: sid(),
    name: `application ${sid()}`,
    call_hook: { url: 'http://127.0.0.1/call', method: 'POST', username: null, password: null },
    call_status_hook: { url: 'http://127.0.0.1/status', method: 'GET', username: 'u', password: 'p' },
    env_vars: { KEY: 'value', NUMBER: 1.5, FLAG: true },
    created_at,
    ...given,
  });

export const anApiKey = (given: Partial<ApiKey> = {}): ApiKey => ({
  api_key_sid: sid(),
  token: sid(),
  service_provider_sid: null,
  account_sid: null,
  expires_at: null,
  created_at,
  last_used: null,
  ...given,
});

export const aSpeechCredential = (given: Partial<SpeechCredential> = {}): SpeechCredential => ({
  speech_credential_sid: sid(),
  service_provider_sid: null,
  account_sid: null,
  vendor: 'custom:voice',
  label: null,
  use_for_tts: true,
  use_for_stt: false,
  credential: { auth_token: 'secret', custom_tts_url: 'http://127.0.0.1/tts', custom_stt_url: null },
  created_at,
  last_used: null,
  ...given,
});

export const aUser = (given: Partial<User> = {}): User => ({
  user_sid: sid(),
  name: `user ${sid()}`,
  email: null,
  hashed_password: 'scrypt$…',
  service_provider_sid: null,
  account_sid: null,
  is_active: true,
  created_at,
  ...given,
});

/** A service provider with one account. */
export async function anOwner(records: Records): Promise<{ service_provider_sid: string; account_sid: string }> {
  const provider = aServiceProvider();
  await records.serviceProviders.insert(provider);
  const account = anAccount({ service_provider_sid: provider.service_provider_sid });
  await records.accounts.insert(account);
  return { service_provider_sid: provider.service_provider_sid, account_sid: account.account_sid };
}
