// custom: a customer's own speech server over HTTP, vendor id `custom:<name>` (docs/compatibility.md; jambonz's custom speech API).
import { decodeFile, type FileKind, fileKind } from '../../audio/index.ts';
import { Fault, type HttpResponse, isFault, type Refusal, refuse } from '../../base/index.ts';
import type { SpeechAudio, SpeechVendor, Synthesizer, SynthesizerChoice, SynthesizerDeps } from '../../speech/index.ts';
import { MAX_AUDIO_BYTES, MAX_ERROR_CHARS, MAX_REDIRECTS, MAX_SAMPLES, TIMEOUT_MS } from './limits.ts';

export const custom: SpeechVendor = {
  name: 'custom',
  voices: [],
  takes: (vendor) => vendor.startsWith('custom:'),
  makeSynthesizer: (deps) => new CustomSynthesizer(deps),
};

class CustomSynthesizer implements Synthesizer {
  readonly #deps: SynthesizerDeps;

  constructor(deps: SynthesizerDeps) {
    this.#deps = deps;
  }

  check(choice: SynthesizerChoice): Refusal | undefined {
    if (choice.custom?.url) return undefined;
    return refuse(
      'tts-failed',
      `there is no speech credential for ${choice.vendor} with a custom_tts_url; add one to the account`,
    );
  }

  async synthesize(choice: SynthesizerChoice, text: string, signal: AbortSignal): Promise<SpeechAudio> {
    const fail = (reason: string, options: { retryable?: boolean; cause?: unknown } = {}): Fault =>
      new Fault('tts-failed', `${choice.vendor}: ${reason}`, { ...options, detail: { vendor: choice.vendor } });
    let response: HttpResponse;
    try {
      response = await this.#deps.http(request(choice, text, signal));
    } catch (error) {
      signal.throwIfAborted();
      throw fail(`its server gave no answer (${isFault(error) ? error.message : 'request failed'})`, {
        retryable: true,
        cause: error,
      });
    }
    if (response.status !== 200) {
      throw fail(`its server answered ${response.status}${errorBody(response)}`, { retryable: response.status >= 500 });
    }
    try {
      return await decodeFile(response.body, kindOf(response), { maxSamples: MAX_SAMPLES, clock: this.#deps.clock });
    } catch (error) {
      if (isFault(error))
        throw fail(`its server answered audio that cannot be played: ${error.message}`, { cause: error });
      throw error;
    }
  }

  async close(): Promise<void> {}
}

function request(choice: SynthesizerChoice, text: string, signal: AbortSignal): Parameters<SynthesizerDeps['http']>[0] {
  const { url, authToken } = choice.custom!;
  const type = /^\s*<speak/.test(text) ? 'ssml' : 'text';
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      accept: 'audio/wav, audio/mpeg, audio/l16',
      ...(authToken ? { authorization: `Bearer ${authToken}` } : {}),
    },
    body: JSON.stringify({ language: choice.language, voice: choice.voice, type, text }),
    timeoutMs: TIMEOUT_MS,
    maxBodyBytes: MAX_AUDIO_BYTES,
    maxRedirects: MAX_REDIRECTS,
    signal,
  };
}

/** An unknown content type is taken as WAV, as the protocol says. */
const kindOf = (response: HttpResponse): FileKind =>
  fileKind(response.body.subarray(0, 12), response.headers['content-type'] ?? '') ?? { kind: 'wav' };

/** The beginning of what the server says about its failure, when it is text. */
function errorBody(response: HttpResponse): string {
  const type = response.headers['content-type'] ?? 'text/plain';
  if (!/text|json/i.test(type) || response.body.length === 0) return '';
  const said = new TextDecoder().decode(response.body.subarray(0, MAX_ERROR_CHARS)).replace(/\s+/g, ' ').trim();
  return said ? `: ${said}` : '';
}
