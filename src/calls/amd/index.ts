// Answering-machine detection: what a greeting and a beep tell of who answered, and who is told.

export { detectMachine } from './detecting.ts';
export type { AmdInput } from './options.ts';
export { detectOnOwnLeg } from './own-leg.ts';
export { readVoicemailPhrases, type VoicemailPhrases } from './voicemail.ts';
