// What voicemail says, by language: phrases of greetings that people do not answer the telephone with. Ours, and an operator's own.
import { isObject, type Refusal, refuse } from '../../base/index.ts';
import { entryOf, folded, type Greeting, isSpaced, tongueOf } from './greeting.ts';

/** By language: `en-US`, or `en` for all that have no list of their own. */
export type VoicemailPhrases = Readonly<Record<string, readonly string[]>>;

/** Used for languages that the operator has no phrases for. */
const ours: VoicemailPhrases = {
  en: [
    'after the beep',
    'after the tone',
    'at the beep',
    'at the tone',
    'wait for the beep',
    'wait for the tone',
    'leave a message',
    'leave me a message',
    'leave your message',
    'leave us a message',
    'leave a brief message',
    'leave a short message',
    'leave a detailed message',
    'leave your name and number',
    'leave your name and a message',
    'record your message',
    'record a message',
    'voicemail',
    'voice mail',
    'voice mailbox',
    'mailbox is full',
    'mailbox of',
    'answering machine',
    'automated voice messaging system',
    'your call has been forwarded',
    'cannot take your call',
    "can't take your call",
    'unable to take your call',
    "can't come to the phone",
    'cannot come to the phone',
    "can't get to the phone",
    "can't answer the phone",
    'unable to answer your call',
    'the person you are calling',
    'the person you are trying to reach',
    'the subscriber you have dialed',
    'the number you have dialed',
    'the customer you are calling',
    'is not available right now',
    'is not available at the moment',
    'not available to take your call',
    'not available to answer your call',
    "i'm not available right now",
    'away from my phone',
    "i'll get back to you",
    'i will get back to you',
    'i will return your call',
    "i'll call you back as soon as",
    "we'll get back to you",
    'we will get back to you',
    'please try again later',
    'for more options press',
    'to leave a callback number',
  ],
  de: [
    'nach dem signalton',
    'nach dem ton',
    'nach dem piepton',
    'nach dem piep',
    'eine nachricht hinterlassen',
    'hinterlassen sie eine nachricht',
    'hinterlassen sie eine kurze nachricht',
    'hinterlassen sie bitte eine nachricht',
    'hinterlasst eine nachricht',
    'hinterlass eine nachricht',
    'sprechen sie ihre nachricht',
    'sprechen sie nach',
    'mailbox',
    'sprachbox',
    'anrufbeantworter',
    'der teilnehmer ist',
    'der gewünschte teilnehmer',
    'die gewählte rufnummer',
    'ist zur zeit nicht erreichbar',
    'ist momentan nicht erreichbar',
    'vorübergehend nicht erreichbar',
    'zurzeit nicht erreichbar',
    'nicht persönlich erreichbar',
    'kann ihren anruf nicht entgegennehmen',
    'können ihren anruf nicht entgegennehmen',
    'kann deinen anruf nicht entgegennehmen',
    'rufe ich zurück',
    'wir rufen sie zurück',
    'außerhalb unserer geschäftszeiten',
  ],
  fr: [
    'après le bip',
    'après le signal sonore',
    'après la tonalité',
    'laissez un message',
    'laissez moi un message',
    'laissez nous un message',
    'laissez votre message',
    'laisser un message',
    'laisser votre message',
    'veuillez laisser',
    'boîte vocale',
    'messagerie vocale',
    'sur la messagerie',
    'répondeur',
    'votre correspondant',
    'ne peut pas prendre votre appel',
    'ne peux pas prendre votre appel',
    'pas disponible pour le moment',
    'ne suis pas disponible',
    'sommes pas disponibles',
    'actuellement indisponible',
    'le numéro que vous avez composé',
    'je vous rappellerai',
    'nous vous rappellerons',
    'je vous rappelle dès que',
  ],
  es: [
    'después del tono',
    'después de la señal',
    'después del pitido',
    'al oír la señal',
    'tras la señal',
    'deje un mensaje',
    'deje su mensaje',
    'deja un mensaje',
    'deja tu mensaje',
    'dejar un mensaje',
    'dejar su mensaje',
    'grabe su mensaje',
    'buzón de voz',
    'buzón de mensajes',
    'contestador automático',
    'correo de voz',
    'la persona a la que llama',
    'la persona a la que está llamando',
    'el número que usted marcó',
    'el número que ha marcado',
    'no está disponible',
    'no se encuentra disponible',
    'no estoy disponible',
    'no puedo atender su llamada',
    'no podemos atender su llamada',
    'no puedo contestar',
    'le devolveré la llamada',
    'apagado o fuera de cobertura',
  ],
  it: [
    'dopo il segnale acustico',
    'dopo il segnale',
    'dopo il bip',
    'dopo il tono',
    'lasciate un messaggio',
    'lasci un messaggio',
    'lascia un messaggio',
    'lasciare un messaggio',
    'segreteria telefonica',
    'casella vocale',
    'la persona chiamata',
    'il cliente da lei chiamato',
    'il numero da lei chiamato',
    'utente da lei chiamato',
    'non è al momento raggiungibile',
    'non è raggiungibile',
    'non posso rispondere',
    'non possiamo rispondere',
    'in questo momento non sono disponibile',
    'vi richiamerò',
    'la richiamerò',
  ],
  pt: [
    'após o sinal',
    'depois do sinal',
    'após o bip',
    'depois do bip',
    'após o tom',
    'deixe uma mensagem',
    'deixe sua mensagem',
    'deixe a sua mensagem',
    'deixe seu recado',
    'deixe o seu recado',
    'grave sua mensagem',
    'grave a sua mensagem',
    'caixa postal',
    'caixa de mensagens',
    'correio de voz',
    'secretária eletrônica',
    'o número que você ligou',
    'o número chamado',
    'está indisponível',
    'não está disponível',
    'não posso atender',
    'não podemos atender',
    'fora da área de cobertura',
    'chamada está sendo encaminhada',
    'retornarei a sua ligação',
  ],
  nl: [
    'na de piep',
    'na de toon',
    'na de pieptoon',
    'na het signaal',
    'spreek een bericht in',
    'spreek uw bericht in',
    'een bericht inspreken',
    'een bericht achterlaten',
    'laat een bericht achter',
    'laat uw bericht achter',
    'voicemail',
    'antwoordapparaat',
    'is op dit moment niet bereikbaar',
    'momenteel niet bereikbaar',
    'niet beschikbaar om uw oproep',
    'het nummer dat u heeft gekozen',
    'kan de telefoon niet opnemen',
    'kan nu niet opnemen',
    'bel ik u terug',
    'bellen wij u terug',
  ],
  ja: [
    '留守番電話',
    '発信音の後に',
    'ピーという音の後に',
    'メッセージをお願い',
    'メッセージをどうぞ',
    'メッセージをお残し',
    '電話に出ることができません',
    '電話に出られません',
    '電波の届かない',
  ],
  zh: [
    '语音信箱',
    '語音信箱',
    '语音留言',
    '留言信箱',
    '请留言',
    '請留言',
    '提示音后',
    '嘟声后',
    '嘟聲後',
    '您拨打的电话',
    '您撥打的電話',
    '暂时无法接听',
    '暫時無法接聽',
    '无人接听',
  ],
};

/** Phrases ready to be looked for: as they are written, and as they are compared. */
const prepared = new WeakMap<readonly string[], { phrase: string; sought: string }[]>();

function prepare(phrases: readonly string[], spaced: boolean): { phrase: string; sought: string }[] {
  const known = prepared.get(phrases);
  if (known) return known;
  const made = phrases
    .map((phrase) => ({ phrase, sought: comparable(phrase, spaced) }))
    .filter(({ sought }) => sought.trim() !== '');
  prepared.set(phrases, made);
  return made;
}

/** Whole words are compared; without them, characters. */
const comparable = (text: string, spaced: boolean): string =>
  spaced ? ` ${folded(text)} ` : folded(text).replaceAll(' ', '');

/** The first phrase that the greeting holds, as it is written in the list. */
export function phraseIn({ text, language }: Greeting, own: VoicemailPhrases): string | undefined {
  const tongue = tongueOf(language);
  const phrases = entryOf(own, language) ?? entryOf(own, tongue) ?? entryOf(ours, tongue);
  if (!phrases) return undefined;
  const spaced = isSpaced(language);
  const heard = comparable(text, spaced);
  return prepare(phrases, spaced).find(({ sought }) => heard.includes(sought))?.phrase;
}

/** An operator's file: `{"en-US": ["leave a message", …], "de": […]}`. */
export function readVoicemailPhrases(text: string): VoicemailPhrases | Refusal {
  const bad = (reason: string): Refusal => refuse('voicemail-phrases', reason);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return bad('it is not JSON');
  }
  if (!isObject(json)) return bad('it must be an object with a list of phrases for each language');
  for (const [language, phrases] of Object.entries(json)) {
    if (!/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(language))
      return bad(`${language} is not a language, such as en-US or en`);
    if (!Array.isArray(phrases) || phrases.some((one) => typeof one !== 'string' || folded(one) === ''))
      return bad(`${language} must be a list of phrases of words`);
  }
  return json as VoicemailPhrases;
}
