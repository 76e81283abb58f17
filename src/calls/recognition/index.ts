// Speech recognition for verbs: who listens, to whom, and what becomes of what is heard.

export { SttLatency } from './latency.ts';
export { type Failure, Listening, type ListeningOptions } from './listening.ts';
export { type RecognizerInput, RecognizerSettings, type ResolvedRecognizer, type VoiceInput } from './settings.ts';
export { joinTranscripts, speechObject, textOf, withoutLastMark, wordsIn } from './speech.ts';
export {
  type TranscribedLeg,
  type TranscribeInput,
  type TranscribeOptions,
  Transcribing,
  transcribe,
} from './transcribing.ts';
