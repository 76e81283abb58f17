// speech: what a synthesizer is, and speech rendered once and cached.
export type * from './recognizer.ts';
export { makeRecognizers, type RecognizersOptions } from './recognizers.ts';
export { makeSpeech, type SpeechOptions } from './speech.ts';
export type {
  SpeakOptions,
  Speech,
  SpeechAudio,
  SpeechVendor,
  Spoken,
  Synthesizer,
  SynthesizerChoice,
  SynthesizerDeps,
  VoiceInfo,
} from './types.ts';
