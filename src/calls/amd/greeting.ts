// A greeting as the rules look at it: its words, its digits, its text without case, accents and punctuation.

/** One transcript of what the far end says first. */
export interface Greeting {
  text: string;
  isFinal: boolean;
  /** As the recognizer names it: `en-US`. */
  language: string;
}

export const tongueOf = (language: string): string => language.split(/[-_]/)[0]!.toLowerCase();

/** What a table says of a language; its name comes from a recognizer, and may be anything. */
export const entryOf = <T>(table: Readonly<Record<string, T>>, language: string): T | undefined =>
  Object.hasOwn(table, language) ? table[language] : undefined;

/** Written without spaces between words. */
const unspaced = new Set(['ja', 'zh', 'yue', 'cmn', 'th', 'lo', 'km', 'my']);

export const isSpaced = (language: string): boolean => !unspaced.has(tongueOf(language));

/** Lower case, no accents, no apostrophes, one space between words. */
export const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}'’`]/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Words, as spaces part them; of a language without spaces, as its dictionary does. */
export function countWords({ text, language }: Greeting): number {
  if (isSpaced(language)) return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  const words = new Intl.Segmenter(tongueOf(language), { granularity: 'word' }).segment(text);
  return [...words].filter(({ isWordLike }) => isWordLike).length;
}

/** Digits that recognizers spell out. */
const spelled: Record<string, readonly string[]> = {
  en: 'zero one two three four five six seven eight nine oh'.split(' '),
  de: 'null eins zwei drei vier funf sechs sieben acht neun zwo'.split(' '),
  fr: 'zero un deux trois quatre cinq six sept huit neuf'.split(' '),
  es: 'cero uno dos tres cuatro cinco seis siete ocho nueve'.split(' '),
  it: 'zero uno due tre quattro cinque sei sette otto nove'.split(' '),
  pt: 'zero um dois tres quatro cinco seis sete oito nove meia'.split(' '),
  nl: 'nul een twee drie vier vijf zes zeven acht negen'.split(' '),
};

/** The most digits that follow each other with nothing between them but spaces and punctuation. */
export function digitsInARow({ text, language }: Greeting): number {
  const words = entryOf(spelled, tongueOf(language)) ?? [];
  const parts = isSpaced(language)
    ? folded(text)
    : folded(text)
        .replace(/\p{Nd}+/gu, ' $& ')
        .trim();
  let most = 0;
  let row = 0;
  for (const word of parts.split(/ +/)) {
    if (/^\p{Nd}+$/u.test(word)) row += word.length;
    else if (words.includes(word)) row++;
    else row = 0;
    most = Math.max(most, row);
  }
  return most;
}
