// Limits of the test recognizer, each with its reason.

/** Silence that ends an utterance: what cloud recognizers take by default, and shorter than any gather's timeout. */
export const UTTERANCE_END_MS = 500;
/** Words of one utterance; more are a new one. A minute of the quickest tones is 400. */
export const MAX_WORDS = 400;
