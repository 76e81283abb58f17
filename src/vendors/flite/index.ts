// flite: the embedded English voice (CMU Flite compiled to WebAssembly), in a thread of its own. No key, no network.
import { errorText, Fault, type Refusal, refuse } from '../../base/index.ts';
import type { SpeechVendor, Synthesizer, SynthesizerChoice, SynthesizerDeps, VoiceInfo } from '../../speech/index.ts';
import { FliteThread } from './flite-thread.ts';
import { plainText } from './plain-text.ts';

/** The voices inside the package. slt is the clearest on the telephone, kal16 the quickest (0.2 % of real time). */
const voices: readonly VoiceInfo[] = [
  { voice: 'slt', name: 'SLT (US English, female)', language: 'en-US' },
  { voice: 'rms', name: 'RMS (US English, male)', language: 'en-US' },
  { voice: 'awb', name: 'AWB (Scottish English, male)', language: 'en-GB' },
  { voice: 'kal', name: 'KAL (US English, male, 8 kHz)', language: 'en-US' },
  { voice: 'kal16', name: 'KAL (US English, male, 16 kHz)', language: 'en-US' },
];

export const flite: SpeechVendor = {
  name: 'flite',
  voices,
  takes: (vendor) => vendor === 'flite',
  makeSynthesizer: (deps) => new FliteSynthesizer(deps),
};

class FliteSynthesizer implements Synthesizer {
  readonly #thread: FliteThread;

  constructor({ clock, log }: SynthesizerDeps) {
    this.#thread = new FliteThread(clock, log);
  }

  check(choice: SynthesizerChoice): Refusal | undefined {
    if (!/^en\b/i.test(choice.language)) {
      return refuse(
        'tts-unknown-voice',
        `the embedded voice speaks English only, not ${choice.language}; choose another vendor`,
      );
    }
    if (voices.some(({ voice }) => voice === choice.voice)) return undefined;
    const known = voices.map(({ voice }) => voice).join(', ');
    return refuse('tts-unknown-voice', `flite has no voice "${choice.voice}"; it has: ${known}`);
  }

  async synthesize(
    choice: SynthesizerChoice,
    text: string,
    signal: AbortSignal,
  ): Promise<{ pcm: Int16Array; sampleRate: number }> {
    const sentences = plainText(text);
    if (sentences.length === 0) return { pcm: new Int16Array(0), sampleRate: 16_000 };
    try {
      return await this.#thread.render({ voice: choice.voice, parts: sentences }, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new Fault('tts-failed', `the embedded voice failed: ${errorText(error)}`, {
        cause: error,
        detail: { vendor: 'flite' },
      });
    }
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
