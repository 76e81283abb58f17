-- The first records: who owns what, applications, keys, speech credentials, users. Constraint names are those of records/rules.ts.
-- seq gives creation order, which created_at cannot (several rows may share a millisecond).

create table service_providers (
  service_provider_sid uuid primary key,
  seq bigint generated always as identity,
  name text not null,
  description text,
  root_domain text,
  created_at timestamptz(3) not null,
  constraint service_providers_name_key unique (name),
  constraint service_providers_root_domain_key unique (root_domain)
);

create table accounts (
  account_sid uuid primary key,
  seq bigint generated always as identity,
  service_provider_sid uuid not null,
  name text not null,
  sip_realm text,
  webhook_secret text not null,
  is_active boolean not null,
  registration_hook jsonb,
  queue_event_hook jsonb,
  device_calling_application_sid uuid,
  siprec_hook_sid uuid,
  record_all_calls boolean not null,
  record_format text not null check (record_format in ('mp3', 'wav')),
  created_at timestamptz(3) not null,
  constraint accounts_sip_realm_key unique (sip_realm),
  constraint accounts_service_provider_sid_fkey foreign key (service_provider_sid) references service_providers
);

create table applications (
  application_sid uuid primary key,
  seq bigint generated always as identity,
  account_sid uuid not null,
  name text not null,
  call_hook jsonb,
  call_status_hook jsonb,
  messaging_hook jsonb,
  app_json text,
  speech_synthesis_vendor text,
  speech_synthesis_label text,
  speech_synthesis_language text,
  speech_synthesis_voice text,
  speech_recognizer_vendor text,
  speech_recognizer_label text,
  speech_recognizer_language text,
  use_for_fallback_speech boolean not null,
  fallback_speech_synthesis_vendor text,
  fallback_speech_synthesis_label text,
  fallback_speech_synthesis_language text,
  fallback_speech_synthesis_voice text,
  fallback_speech_recognizer_vendor text,
  fallback_speech_recognizer_label text,
  fallback_speech_recognizer_language text,
  record_all_calls boolean not null,
  env_vars jsonb,
  created_at timestamptz(3) not null,
  constraint applications_account_name_key unique (account_sid, name),
  constraint applications_account_sid_fkey foreign key (account_sid) references accounts on delete cascade
);

alter table accounts
  add constraint accounts_device_calling_application_sid_fkey
    foreign key (device_calling_application_sid) references applications,
  add constraint accounts_siprec_hook_sid_fkey foreign key (siprec_hook_sid) references applications;

create table api_keys (
  api_key_sid uuid primary key,
  seq bigint generated always as identity,
  token text not null,
  service_provider_sid uuid,
  account_sid uuid,
  expires_at timestamptz(3),
  created_at timestamptz(3) not null,
  last_used timestamptz(3),
  constraint api_keys_token_key unique (token),
  constraint api_keys_service_provider_sid_fkey
    foreign key (service_provider_sid) references service_providers on delete cascade,
  constraint api_keys_account_sid_fkey foreign key (account_sid) references accounts on delete cascade
);

create table speech_credentials (
  speech_credential_sid uuid primary key,
  seq bigint generated always as identity,
  service_provider_sid uuid,
  account_sid uuid,
  vendor text not null,
  label text,
  use_for_tts boolean not null,
  use_for_stt boolean not null,
  credential jsonb not null,
  created_at timestamptz(3) not null,
  last_used timestamptz(3),
  constraint speech_credentials_account_label_key unique (account_sid, vendor, label),
  constraint speech_credentials_sp_label_key unique (service_provider_sid, vendor, label),
  constraint speech_credentials_service_provider_sid_fkey
    foreign key (service_provider_sid) references service_providers on delete cascade,
  constraint speech_credentials_account_sid_fkey foreign key (account_sid) references accounts on delete cascade
);

create table users (
  user_sid uuid primary key,
  seq bigint generated always as identity,
  name text not null,
  email text,
  hashed_password text not null,
  service_provider_sid uuid,
  account_sid uuid,
  is_active boolean not null,
  created_at timestamptz(3) not null,
  constraint users_name_key unique (name),
  constraint users_email_key unique (email),
  constraint users_service_provider_sid_fkey foreign key (service_provider_sid) references service_providers,
  constraint users_account_sid_fkey foreign key (account_sid) references accounts on delete cascade
);

-- Owners are looked up by what they own whenever one is listed or removed.
create index accounts_service_provider_sid_idx on accounts (service_provider_sid);
create index api_keys_service_provider_sid_idx on api_keys (service_provider_sid);
create index api_keys_account_sid_idx on api_keys (account_sid);
create index users_service_provider_sid_idx on users (service_provider_sid);
create index users_account_sid_idx on users (account_sid);
