// The list of speech vendors. A new vendor is one folder and one line here.
import type { RecognizerVendor, SpeechVendor, SynthesizerChoice } from '../speech/index.ts';
import { custom } from './custom/index.ts';
import { customRecognizer } from './custom/stt.ts';
import { flite } from './flite/index.ts';
import { testRecognizer } from './test/index.ts';

export const vendors: readonly SpeechVendor[] = [flite, custom];

export const recognizerVendors: readonly RecognizerVendor[] = [testRecognizer, customRecognizer];

export { toneOfWord } from './test/index.ts';

/** Who speaks when an application names nobody: the embedded voice, which needs no key and no network. */
export const embeddedVoice = { vendor: 'flite', language: 'en-US', voice: 'slt' } as const satisfies SynthesizerChoice;
