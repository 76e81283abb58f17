// The tables as drizzle sees them. The truth about constraints is in migrations/; the columns here are checked against the record types.
import type {
  Account,
  ApiKey,
  Application,
  BucketCredential,
  ServiceProvider,
  SpeechCredential,
  User,
  WebhookRecord,
} from '../types.ts';
import { boolean, customType, jsonb, pgTable, text, uuid } from './drizzle.ts';

/** timestamptz that reads as ISO 8601 with milliseconds, in UTC. */
const instant = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamptz(3)',
  fromDriver: (value) => new Date(value).toISOString(),
});

/** text that only takes these values. */
const oneOf = <T extends string>() => customType<{ data: T; driverData: string }>({ dataType: () => 'text' });

export const serviceProviders = pgTable('service_providers', {
  service_provider_sid: uuid().primaryKey(),
  name: text().notNull(),
  description: text(),
  root_domain: text(),
  created_at: instant().notNull(),
});

export const accounts = pgTable('accounts', {
  account_sid: uuid().primaryKey(),
  service_provider_sid: uuid().notNull(),
  name: text().notNull(),
  sip_realm: text(),
  webhook_secret: text().notNull(),
  is_active: boolean().notNull(),
  registration_hook: jsonb().$type<WebhookRecord>(),
  queue_event_hook: jsonb().$type<WebhookRecord>(),
  device_calling_application_sid: uuid(),
  siprec_hook_sid: uuid(),
  record_all_calls: boolean().notNull(),
  record_format: oneOf<'mp3' | 'wav'>()().notNull(),
  bucket_credential: jsonb().$type<BucketCredential>(),
  created_at: instant().notNull(),
});

export const applications = pgTable('applications', {
  application_sid: uuid().primaryKey(),
  account_sid: uuid().notNull(),
  name: text().notNull(),
  call_hook: jsonb().$type<WebhookRecord>(),
  call_status_hook: jsonb().$type<WebhookRecord>(),
  messaging_hook: jsonb().$type<WebhookRecord>(),
  app_json: text(),
  speech_synthesis_vendor: text(),
  speech_synthesis_label: text(),
  speech_synthesis_language: text(),
  speech_synthesis_voice: text(),
  speech_recognizer_vendor: text(),
  speech_recognizer_label: text(),
  speech_recognizer_language: text(),
  use_for_fallback_speech: boolean().notNull(),
  fallback_speech_synthesis_vendor: text(),
  fallback_speech_synthesis_label: text(),
  fallback_speech_synthesis_language: text(),
  fallback_speech_synthesis_voice: text(),
  fallback_speech_recognizer_vendor: text(),
  fallback_speech_recognizer_label: text(),
  fallback_speech_recognizer_language: text(),
  record_all_calls: boolean().notNull(),
  env_vars: jsonb().$type<Record<string, string | number | boolean>>(),
  created_at: instant().notNull(),
});

export const apiKeys = pgTable('api_keys', {
  api_key_sid: uuid().primaryKey(),
  token: text().notNull(),
  service_provider_sid: uuid(),
  account_sid: uuid(),
  expires_at: instant(),
  created_at: instant().notNull(),
  last_used: instant(),
});

export const speechCredentials = pgTable('speech_credentials', {
  speech_credential_sid: uuid().primaryKey(),
  service_provider_sid: uuid(),
  account_sid: uuid(),
  vendor: text().notNull(),
  label: text(),
  use_for_tts: boolean().notNull(),
  use_for_stt: boolean().notNull(),
  credential: jsonb().$type<Record<string, string | number | boolean | null>>().notNull(),
  created_at: instant().notNull(),
  last_used: instant(),
});

export const users = pgTable('users', {
  user_sid: uuid().primaryKey(),
  name: text().notNull(),
  email: text(),
  hashed_password: text().notNull(),
  service_provider_sid: uuid(),
  account_sid: uuid(),
  is_active: boolean().notNull(),
  created_at: instant().notNull(),
});

/** Compiles only when both types are the same. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const tables = { serviceProviders, accounts, applications, apiKeys, speechCredentials, users };

/** A column added to a record and forgotten here, or the other way round, stops the type check. */
export const columnsMatch: [
  Same<typeof serviceProviders.$inferSelect, ServiceProvider>,
  Same<typeof accounts.$inferSelect, Account>,
  Same<typeof applications.$inferSelect, Application>,
  Same<typeof apiKeys.$inferSelect, ApiKey>,
  Same<typeof speechCredentials.$inferSelect, SpeechCredential>,
  Same<typeof users.$inferSelect, User>,
] = [true, true, true, true, true, true];
