// The rules on greetings as recognizers write them, in nine languages: whose it is, and why; and their order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../../base/index.ts';
import { countWords, digitsInARow } from './greeting.ts';
import { judge } from './rules.ts';
import { readVoicemailPhrases, type VoicemailPhrases } from './voicemail.ts';

interface Case {
  final?: boolean;
  language?: string;
  threshold?: number;
  digits?: number;
  phrases?: VoicemailPhrases;
}

function verdict(
  text: string,
  { final = true, language = 'en-US', threshold = 9, digits = 0, phrases = {} }: Case = {},
) {
  const found = judge(
    { text, isFinal: final, language },
    { thresholdWordCount: threshold, digitCount: digits, phrases },
  );
  return found && `${found.who}: ${found.reason}${'hint' in found ? ` ${found.hint}` : ''}`;
}

const human = 'human: short greeting';
const long = 'machine: long greeting';
const count = 'machine: digit count';

for (const [text, expected, options] of [
  // Short and complete is a human, short and not complete is nobody yet.
  ['Hello?', human],
  ['Good morning, Acme, this is Jane speaking.', human],
  ['Hello?', undefined, { final: false }],
  ['one two three four five six seven eight', human],
  ['one two three four five six seven eight nine', long],
  ['one two three four five six seven eight nine', long, { final: false }],
  ['one two three four', long, { threshold: 4 }],
  ['one two three', human, { threshold: 4 }],
  // Phrases, whatever case, accents, apostrophes and punctuation; also of a short final, and of one that goes on.
  ['Please LEAVE a message.', 'machine: hint leave a message'],
  ['Sorry, I can’t take your call', "machine: hint can't take your call"],
  ['sorry i cant take your call', "machine: hint can't take your call"],
  ['at the tone', 'machine: hint at the tone', { final: false }],
  ['at the toners', human],
  ['Sie können nach dem Signalton sprechen', 'machine: hint nach dem signalton', { language: 'de-DE' }],
  ['parlez apres le bip', 'machine: hint après le bip', { language: 'fr-CA' }],
  ['grabe su mensaje', 'machine: hint grabe su mensaje', { language: 'es-MX' }],
  ['Lasciate un messaggio', 'machine: hint lasciate un messaggio', { language: 'it-IT' }],
  ['Deixe o seu recado', 'machine: hint deixe o seu recado', { language: 'pt-BR' }],
  ['spreek een bericht in na de piep', 'machine: hint na de piep', { language: 'nl-NL' }],
  ['ただいま電話に出ることができません。', 'machine: hint 電話に出ることができません', { language: 'ja-JP' }],
  ['请在提示音后留言', 'machine: hint 提示音后', { language: 'zh-CN' }],
  // Only of the language that is spoken.
  ['leave a message', human, { language: 'de-DE' }],
  ['leave a message', human, { language: 'fi-FI' }],
  ['555 1234', human, { language: 'constructor', digits: 8 }],
  // An operator's phrases stand in place of ours, for their language.
  ['wait for the chime', 'machine: hint for the Chime', { phrases: { 'en-US': ['for the Chime'] } }],
  ['wait for the chime', 'machine: hint for the chime', { phrases: { en: ['for the chime'] } }],
  ['wait for the beep', human, { phrases: { en: ['for the chime'] } }],
  ['wait for the beep', 'machine: hint wait for the beep', { phrases: { 'en-GB': ['for the chime'] } }],
  ['nach dem ton', 'machine: hint nach dem ton', { language: 'de-DE', phrases: { en: ['x'] } }],
  // Digits, written and spoken; none when nobody asks.
  ['you have reached 5 5 5 1 2 3 4', count, { digits: 7 }],
  ['you have reached 555-1234', count, { digits: 7, final: false }],
  ['+1 (555) 123.4567', count, { digits: 11 }],
  ['five five five oh one', count, { digits: 5 }],
  ['fünf fünf zwo', count, { digits: 3, language: 'de-DE' }],
  ['555 is what I said, 1234', human, { digits: 5 }],
  ['山田です。０３-1234-5678まで', count, { digits: 10, language: 'ja-JP' }],
  ['我的号码是555转1234', human, { digits: 5, language: 'zh-CN' }],
  ['555 1234', human],
  // In this order.
  ['leave a message for 555 1234', 'machine: hint leave a message', { digits: 3 }],
  ['call us at 555 1234 or come to see us any day', count, { digits: 3 }],
] as [string, string | undefined, Case?][]) {
  test(`"${text}" ${JSON.stringify(options ?? {})}: ${expected}`, () => assert.equal(verdict(text, options), expected));
}

test('words of languages without spaces are counted by their dictionary', () => {
  const language = 'ja-JP';
  assert.equal(countWords({ text: 'もしもし', isFinal: true, language }), 1);
  assert.ok(
    countWords({ text: 'はい、山田商事でございます。本日の営業は終了いたしました。', isFinal: true, language }) >= 9,
  );
  assert.equal(countWords({ text: ' well -- hello , there ', isFinal: true, language: 'en-US' }), 3);
});

test('a word that only holds digits of a phrase ends no row', () => {
  assert.equal(digitsInARow({ text: '12, 34. 5', isFinal: true, language: 'en-US' }), 5);
  assert.equal(digitsInARow({ text: '12 5th 3', isFinal: true, language: 'en-US' }), 2);
  assert.equal(digitsInARow({ text: '', isFinal: true, language: 'xx' }), 0);
});

test("an operator's file: lists by language, or why not", () => {
  assert.deepEqual(readVoicemailPhrases('{"en-US": ["leave a message"], "de": []}'), {
    'en-US': ['leave a message'],
    de: [],
  });
  for (const [text, why] of [
    ['{', /not JSON/],
    ['[]', /an object/],
    ['{"english please": []}', /not a language/],
    ['{"en": "x"}', /list of phrases/],
    ['{"en": ["?"]}', /list of phrases/],
    ['{"en": [7]}', /list of phrases/],
  ] as const) {
    const refusal = readVoicemailPhrases(text);
    assert.ok(isRefusal(refusal) && why.test(refusal.reason), text);
  }
});
