// Fresh records: what nobody has set yet has its standing value here, once.
import type { Account, Application } from './types.ts';

type Given<R, K extends keyof R> = Partial<R> & Pick<R, K>;

export const freshAccount = (
  given: Given<Account, 'account_sid' | 'service_provider_sid' | 'webhook_secret' | 'created_at'>,
): Account => ({
  name: '',
  sip_realm: null,
  is_active: true,
  registration_hook: null,
  queue_event_hook: null,
  device_calling_application_sid: null,
  siprec_hook_sid: null,
  record_all_calls: false,
  record_format: 'mp3',
  bucket_credential: null,
  ...given,
});

export const freshApplication = (
  given: Given<Application, 'application_sid' | 'account_sid' | 'created_at'>,
): Application => ({
  name: '',
  call_hook: null,
  call_status_hook: null,
  messaging_hook: null,
  app_json: null,
  speech_synthesis_vendor: null,
  speech_synthesis_label: null,
  speech_synthesis_language: null,
  speech_synthesis_voice: null,
  speech_recognizer_vendor: null,
  speech_recognizer_label: null,
  speech_recognizer_language: null,
  use_for_fallback_speech: false,
  fallback_speech_synthesis_vendor: null,
  fallback_speech_synthesis_label: null,
  fallback_speech_synthesis_language: null,
  fallback_speech_synthesis_voice: null,
  fallback_speech_recognizer_vendor: null,
  fallback_speech_recognizer_label: null,
  fallback_speech_recognizer_language: null,
  record_all_calls: false,
  env_vars: null,
  ...given,
});
