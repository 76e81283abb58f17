// What holds between records: keys, what must be unique, who owns whom. memory.ts enforces it; in PostgreSQL migrations/ do, under the same names.
import { Fault } from '../../base/index.ts';
import type { Account, ApiKey, Application, Records, ServiceProvider, SpeechCredential, User } from '../types.ts';

export type Kind = Exclude<keyof Records, 'ping' | 'close'>;

export interface RecordOf {
  serviceProviders: ServiceProvider;
  accounts: Account;
  applications: Application;
  apiKeys: ApiKey;
  speechCredentials: SpeechCredential;
  users: User;
}

export interface Unique {
  /** The constraint's name in PostgreSQL. */
  name: string;
  /** Rows with a null among these never clash. */
  columns: string[];
  text: string;
}

export interface Owner {
  /** The constraint's name in PostgreSQL. */
  name: string;
  column: string;
  of: Kind;
  /** What removing the owner does: take this record along, or be refused. */
  onRemove: 'cascade' | 'refuse';
}

export interface Rules {
  /** What one record is called in messages. */
  noun: string;
  key: string;
  unique: Unique[];
  owners: Owner[];
}

const owner = (table: string, column: string, of: Kind, onRemove: Owner['onRemove']): Owner => ({
  name: `${table}_${column}_fkey`,
  column,
  of,
  onRemove,
});
const unique = (name: string, columns: string[], text: string): Unique => ({ name, columns, text });

/** rest-platform.md sections 8 and 13. */
export const rules: Record<Kind, Rules> = {
  serviceProviders: {
    noun: 'service provider',
    key: 'service_provider_sid',
    unique: [
      unique('service_providers_name_key', ['name'], 'a service provider with this name exists already'),
      unique('service_providers_root_domain_key', ['root_domain'], 'root_domain is used by another service provider'),
    ],
    owners: [],
  },
  accounts: {
    noun: 'account',
    key: 'account_sid',
    unique: [unique('accounts_sip_realm_key', ['sip_realm'], 'sip_realm is used by another account')],
    owners: [
      owner('accounts', 'service_provider_sid', 'serviceProviders', 'refuse'),
      owner('accounts', 'device_calling_application_sid', 'applications', 'refuse'),
      owner('accounts', 'siprec_hook_sid', 'applications', 'refuse'),
    ],
  },
  applications: {
    noun: 'application',
    key: 'application_sid',
    unique: [
      unique(
        'applications_account_name_key',
        ['account_sid', 'name'],
        'the account has an application with this name already',
      ),
    ],
    owners: [owner('applications', 'account_sid', 'accounts', 'cascade')],
  },
  apiKeys: {
    noun: 'API key',
    key: 'api_key_sid',
    unique: [unique('api_keys_token_key', ['token'], 'this token exists already')],
    owners: [
      owner('api_keys', 'service_provider_sid', 'serviceProviders', 'cascade'),
      owner('api_keys', 'account_sid', 'accounts', 'cascade'),
    ],
  },
  speechCredentials: {
    noun: 'speech credential',
    key: 'speech_credential_sid',
    unique: [
      unique(
        'speech_credentials_account_label_key',
        ['account_sid', 'vendor', 'label'],
        'label is already in use for another speech credential',
      ),
      unique(
        'speech_credentials_sp_label_key',
        ['service_provider_sid', 'vendor', 'label'],
        'label is already in use for another speech credential',
      ),
    ],
    owners: [
      owner('speech_credentials', 'service_provider_sid', 'serviceProviders', 'cascade'),
      owner('speech_credentials', 'account_sid', 'accounts', 'cascade'),
    ],
  },
  users: {
    noun: 'user',
    key: 'user_sid',
    unique: [
      unique('users_name_key', ['name'], 'a user with this name exists already'),
      unique('users_email_key', ['email'], 'a user with this email exists already'),
    ],
    owners: [
      owner('users', 'service_provider_sid', 'serviceProviders', 'refuse'),
      owner('users', 'account_sid', 'accounts', 'cascade'),
    ],
  },
};

export const kinds = Object.keys(rules) as Kind[];

export const duplicate = (kind: Kind, constraint: string | undefined, cause?: unknown): Fault => {
  const rule = rules[kind].unique.find((u) => u.name === constraint);
  return new Fault('record-duplicate', rule?.text ?? `this ${rules[kind].noun} exists already`, {
    http: 422,
    cause,
    detail: { constraint },
  });
};

export const missingOwner = (kind: Kind, constraint: string | undefined, cause?: unknown): Fault => {
  const rule = rules[kind].owners.find((o) => o.name === constraint);
  const text = rule ? `unknown ${rule.column}` : `the ${rules[kind].noun} names an owner that does not exist`;
  return new Fault('record-missing-owner', text, { http: 400, cause, detail: { constraint, path: rule?.column } });
};

export const inUse = (kind: Kind, constraint: string | undefined, cause?: unknown): Fault => {
  const user = kinds.find((k) => rules[k].owners.some((o) => o.name === constraint));
  const by = user ? `by at least one ${rules[user].noun}` : 'elsewhere';
  return new Fault('record-in-use', `the ${rules[kind].noun} is in use ${by}`, {
    http: 422,
    cause,
    detail: { constraint },
  });
};
