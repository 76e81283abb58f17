// From settings to a recognizer's choice: the credential it needs, and hints in one shape.
import { errorText, isObject, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import type { RecognizerChoice } from '../../media/client.ts';
import type { Call } from '../call.ts';
import type { Hint, Listener, RecognizerInput } from './settings.ts';

const defaultLanguage = 'en-US';
/** Needs no key and no network. */
const builtIn = 'test';

/** A Refusal `stt-not-provisioned` says what is missing. */
export async function chooseRecognizer(
  call: Call,
  { vendor, label, language }: Listener,
  wanted: { options: RecognizerInput; interim: boolean },
): Promise<RecognizerChoice | Refusal> {
  const { options, interim } = wanted;
  if (vendor === undefined)
    return refuse('stt-not-provisioned', 'no recognizer is set: name one in the verb, in config or in the application');
  const custom = vendor === builtIn ? undefined : await customServer(call, { vendor, label, options });
  if (isRefusal(custom)) return custom;
  const { hintsBoost } = options;
  return {
    vendor,
    ...(label !== undefined && { label }),
    language: language ?? defaultLanguage,
    interim,
    singleUtterance: options.singleUtterance === true,
    hints: (options.hints ?? []).map(hintOf),
    ...(hintsBoost !== undefined && { hintsBoost }),
    callSid: call.sid,
    options,
    ...(custom && { custom }),
  };
}

const hintOf = (hint: Hint): { phrase: string; boost?: number } => (typeof hint === 'string' ? { phrase: hint } : hint);

async function customServer(
  call: Call,
  { vendor, label, options }: { vendor: string; label: string | undefined; options: RecognizerInput },
): Promise<NonNullable<RecognizerChoice['custom']> | Refusal> {
  const missing = (why: string): Refusal =>
    refuse(
      'stt-not-provisioned',
      `cannot listen with vendor ${vendor}${label === undefined ? '' : ` (label ${label})`}: ${why}`,
    );
  if (!vendor.startsWith('custom:'))
    return missing(`it is not built in; use "${builtIn}" or a custom:<name> vendor with a speech credential`);
  // An address of the verb's own gets its own token, never the credential's.
  const own = isObject(options.customOptions) ? options.customOptions : {};
  if (typeof own.uri === 'string') return { url: own.uri, ...tokenOf(own.authToken) };
  const found = await call.world
    .credential(call.facts.accountSid, vendor, label)
    .catch((error: unknown) => ({ error }));
  if (found && 'error' in found) {
    call.log.error('a speech credential could not be read', { vendor, error: errorText(found.error) });
    return missing('the credentials could not be read');
  }
  if (!found) return missing('the account has no speech credential for it');
  const { custom_stt_url: url, auth_token: token } = found.credential;
  if (!found.use_for_stt || typeof url !== 'string' || url === '')
    return missing('its credential has no custom_stt_url');
  return { url, ...tokenOf(token) };
}

const tokenOf = (token: unknown): { authToken?: string } =>
  typeof token === 'string' && token !== '' ? { authToken: token } : {};
