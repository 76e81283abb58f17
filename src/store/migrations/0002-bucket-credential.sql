-- Where an account's recordings go (rest-platform.md 8.2); null: they stay here.
alter table accounts add column bucket_credential jsonb;
