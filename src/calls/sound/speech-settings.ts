// Speech settings of a call: the application's defaults, changed by config, overridden by a verb (verbs.md 1.8).
import { errorText, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import type { SynthesizerChoice } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { RecognizerSettings } from '../recognition/settings.ts';
import type { SpeechFields } from '../types.ts';

/** A verb's or config's `synthesizer` object. The value 'default' means inherit. */
export interface SynthesizerInput {
  vendor?: string;
  label?: string;
  language?: string;
  voice?: string | Record<string, unknown>;
  engine?: string;
  gender?: string;
  options?: Record<string, unknown>;
}

interface Settings {
  vendor: string | undefined;
  label: string | undefined;
  language: string | undefined;
  voice: string | undefined;
  options: Record<string, unknown> | undefined;
}

export class SpeechSettings {
  readonly #application: Settings;
  #session: Settings;
  noCache = false;
  /** Who listens. */
  readonly recognizer: RecognizerSettings;

  constructor(application: SpeechFields) {
    this.#application = {
      vendor: application.speech_synthesis_vendor ?? undefined,
      label: application.speech_synthesis_label ?? undefined,
      language: application.speech_synthesis_language ?? undefined,
      voice: application.speech_synthesis_voice ?? undefined,
      options: undefined,
    };
    this.#session = this.#application;
    this.recognizer = new RecognizerSettings(application, application.use_for_fallback_speech !== false);
  }

  configure(input: SynthesizerInput): void {
    this.#session = merge(this.#session, input);
  }

  reset(): void {
    this.#session = this.#application;
  }

  /** Which voice speaks, with the credential it needs. */
  async choose(call: Call, input: SynthesizerInput | undefined): Promise<SynthesizerChoice | Refusal> {
    const chosen = input ? merge(this.#session, input) : this.#session;
    const embedded = call.world.settings.embeddedVoice;
    if (chosen.vendor === undefined || chosen.vendor === embedded.vendor) {
      const options = chosen.options && { options: chosen.options };
      return {
        vendor: embedded.vendor,
        language: chosen.language ?? embedded.language,
        voice: chosen.voice ?? embedded.voice,
        ...options,
      };
    }
    const custom = await customVoice(call, chosen.vendor, chosen.label);
    if (isRefusal(custom)) return custom;
    return {
      vendor: chosen.vendor,
      ...(chosen.label !== undefined && { label: chosen.label }),
      language: chosen.language ?? embedded.language,
      voice: chosen.voice ?? '',
      ...(chosen.options && { options: chosen.options }),
      custom,
    };
  }
}

function merge(base: Settings, input: SynthesizerInput): Settings {
  const take = <T>(value: T | undefined, fallback: T | undefined): T | undefined =>
    value === undefined || value === 'default' ? fallback : value;
  const vendor = take(input.vendor, base.vendor);
  // A language is the same to every vendor; voices and options are the vendor's own.
  const inherited: Partial<Settings> = vendor === base.vendor ? base : { language: base.language };
  const options = {
    ...input.options,
    ...(input.engine !== undefined && { engine: input.engine }),
    ...(input.gender !== undefined && { gender: input.gender }),
  };
  return {
    vendor,
    label: input.label === 'default' ? base.label : input.label,
    language: take(input.language, inherited.language),
    voice: take(typeof input.voice === 'object' ? JSON.stringify(input.voice) : input.voice, inherited.voice),
    options: Object.keys(options).length > 0 ? options : inherited.options,
  };
}

async function customVoice(
  call: Call,
  vendor: string,
  label: string | undefined,
): Promise<NonNullable<SynthesizerChoice['custom']> | Refusal> {
  const missing = (why: string): Refusal =>
    refuse(
      'tts-not-provisioned',
      `cannot speak with vendor ${vendor}${label === undefined ? '' : ` (label ${label})`}: ${why}`,
    );
  if (!vendor.startsWith('custom:'))
    return missing('it is not built in; use "flite" or a custom:<name> vendor with a speech credential');
  const found = await call.world
    .credential(call.facts.accountSid, vendor, label)
    .catch((error: unknown) => ({ error }));
  if (found && 'error' in found) {
    call.log.error('a speech credential could not be read', { vendor, error: errorText(found.error) });
    return missing('the credentials could not be read');
  }
  const credential = found;
  if (!credential) return missing('the account has no speech credential for it');
  const url = credential.credential.custom_tts_url;
  if (!credential.use_for_tts || typeof url !== 'string' || url === '')
    return missing('its credential has no custom_tts_url');
  const token = credential.credential.auth_token;
  return { url, ...(typeof token === 'string' && { authToken: token }) };
}
