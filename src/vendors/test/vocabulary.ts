// The words that the test recognizer knows: one pure tone each, 200 Hz apart, in the band of every telephone codec.

const english = 'zero one two three four five six seven eight nine yes no agent help stop'.split(' ');
const german = 'null eins zwei drei vier fünf sechs sieben acht neun ja nein mensch hilfe stopp'.split(' ');

/** Sound that is no tone of the code: speech, noise, music, DTMF. */
export const anySound = 'mumble';

const firstHz = 400;
const stepHz = 200;

export const codeTones: readonly number[] = english.map((_, index) => firstHz + index * stepHz);

export const languages = ['en-US', 'en-GB', 'de-DE'] as const;

/** The words in the order of `codeTones`; undefined for a language it does not know. */
export const wordsOf = (language: string): readonly string[] | undefined => {
  const tongue = language.slice(0, 2).toLowerCase();
  return tongue === 'en' ? english : tongue === 'de' ? german : undefined;
};

/** The tone that is heard as this word, Hz; undefined when it knows no such word. */
export const toneOfWord = (word: string, language = 'en-US'): number | undefined =>
  codeTones[wordsOf(language)?.indexOf(word) ?? -1];
