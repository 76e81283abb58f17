// What the store keeps: records (durable; PostgreSQL or memory) and live call facts (this node's memory now). Names are the wire's (rest-platform.md).

export interface WebhookRecord {
  url: string;
  method: string;
  username: string | null;
  password: string | null;
}

export interface ServiceProvider {
  service_provider_sid: string;
  name: string;
  description: string | null;
  root_domain: string | null;
  created_at: string;
}

/** An account's bucket for recordings (rest-platform.md 8.2). The secret key is secret. */
export interface BucketCredential {
  vendor: 'aws_s3' | 's3_compatible';
  /** Of the bucket. */
  name: string;
  region?: string;
  /** Of s3_compatible. */
  endpoint?: string;
  access_key_id: string;
  secret_access_key: string;
  tags?: { Key: string; Value: string }[];
}

export interface Account {
  account_sid: string;
  service_provider_sid: string;
  name: string;
  sip_realm: string | null;
  webhook_secret: string;
  is_active: boolean;
  registration_hook: WebhookRecord | null;
  queue_event_hook: WebhookRecord | null;
  device_calling_application_sid: string | null;
  siprec_hook_sid: string | null;
  record_all_calls: boolean;
  record_format: 'mp3' | 'wav';
  bucket_credential: BucketCredential | null;
  created_at: string;
}

export interface Application {
  application_sid: string;
  account_sid: string;
  name: string;
  call_hook: WebhookRecord | null;
  call_status_hook: WebhookRecord | null;
  messaging_hook: WebhookRecord | null;
  /** JSON text of a verb array, used in place of call_hook. */
  app_json: string | null;
  speech_synthesis_vendor: string | null;
  speech_synthesis_label: string | null;
  speech_synthesis_language: string | null;
  speech_synthesis_voice: string | null;
  speech_recognizer_vendor: string | null;
  speech_recognizer_label: string | null;
  speech_recognizer_language: string | null;
  use_for_fallback_speech: boolean;
  fallback_speech_synthesis_vendor: string | null;
  fallback_speech_synthesis_label: string | null;
  fallback_speech_synthesis_language: string | null;
  fallback_speech_synthesis_voice: string | null;
  fallback_speech_recognizer_vendor: string | null;
  fallback_speech_recognizer_label: string | null;
  fallback_speech_recognizer_language: string | null;
  record_all_calls: boolean;
  /** Values of the application's environment variables. Secret. */
  env_vars: Record<string, string | number | boolean> | null;
  created_at: string;
}

export interface ApiKey {
  api_key_sid: string;
  token: string;
  /** Neither owner: admin. */
  service_provider_sid: string | null;
  account_sid: string | null;
  /** From then on the token opens nothing. */
  expires_at: string | null;
  created_at: string;
  last_used: string | null;
}

export interface SpeechCredential {
  speech_credential_sid: string;
  service_provider_sid: string | null;
  account_sid: string | null;
  vendor: string;
  label: string | null;
  use_for_tts: boolean;
  use_for_stt: boolean;
  /** Vendor's fields (custom: auth_token, custom_tts_url, custom_stt_url, custom_tts_streaming_url). Secret. */
  credential: Record<string, string | number | boolean | null>;
  created_at: string;
  last_used: string | null;
}

export interface User {
  user_sid: string;
  name: string;
  email: string | null;
  /** Hash, never the password. */
  hashed_password: string;
  service_provider_sid: string | null;
  account_sid: string | null;
  is_active: boolean;
  created_at: string;
}

export interface ListQuery<R> {
  where?: Partial<R>;
  /** Only records whose column is among the values; no values, no records. */
  among?: { column: keyof R & string; values: readonly string[] };
  /** Substring of `name`, without regard to case. */
  nameContains?: string;
  /** Default: creation order. */
  orderBy?: keyof R & string;
  limit?: number;
  offset?: number;
}

/** One kind of record. Every implementation passes test/contracts/records. */
export interface Collection<R> {
  get(sid: string): Promise<R | undefined>;
  find(where: Partial<R>): Promise<R | undefined>;
  list(query?: ListQuery<R>): Promise<R[]>;
  count(query?: ListQuery<R>): Promise<number>;
  /** Rejects with Fault `record-duplicate` (http 422) or `record-missing-owner` (http 400). */
  insert(record: R): Promise<void>;
  /** False when there is no such record. */
  update(sid: string, patch: Partial<R>): Promise<boolean>;
  /** False when there is no such record. Rejects with Fault `record-in-use` (http 422) when others need it. */
  remove(sid: string): Promise<boolean>;
}

export interface Records {
  serviceProviders: Collection<ServiceProvider>;
  accounts: Collection<Account>;
  applications: Collection<Application>;
  apiKeys: Collection<ApiKey>;
  speechCredentials: Collection<SpeechCredential>;
  users: Collection<User>;
  /** Cheap check that the store answers, for /health. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
