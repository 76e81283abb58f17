// What is spoken of a text: SSML taken off, cut into sentences, pauses kept.

/** A sentence to speak, or silence. */
export type Part = { text: string } | { silenceMs: number };

/** Longest piece given to the engine at once: memory and time per piece stay small. */
const MAX_PART_CHARS = 400;
/** Pauses are bounded as SSML engines do. */
const MAX_BREAK_MS = 10_000;

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const strengths: Record<string, number> = {
  none: 0,
  'x-weak': 100,
  weak: 200,
  medium: 400,
  strong: 700,
  'x-strong': 1200,
};

/** Parts in order. Text that begins with <speak is SSML: tags go, <break> becomes silence, <sub alias> its alias. */
export function plainText(text: string): Part[] {
  const parts: Part[] = [];
  if (!/^\s*<speak/i.test(text)) {
    pushSentences(parts, text);
    return parts;
  }
  let spoken = '';
  for (const [token] of text.matchAll(/<[^>]*>|[^<]+|</g)) {
    const pause = /^<break\b/i.test(token) ? breakMs(token) : undefined;
    if (pause === undefined) {
      spoken += token.startsWith('<') && token.length > 1 ? boundary(token) : decode(token);
      continue;
    }
    pushSentences(parts, spoken);
    spoken = '';
    if (pause > 0) parts.push({ silenceMs: pause });
  }
  pushSentences(parts, spoken);
  return parts;
}

/** The end of a paragraph or sentence ends a sentence; other tags are nothing. */
const boundary = (tag: string): string => (/^<\/?(p|s)\b/i.test(tag) ? '. ' : ' ');

function breakMs(tag: string): number {
  const time = /\btime\s*=\s*["']\s*([\d.]+)\s*(ms|s)/i.exec(tag);
  if (time) return Math.min(MAX_BREAK_MS, Number(time[1]) * (time[2]!.toLowerCase() === 's' ? 1000 : 1)) || 0;
  return strengths[/\bstrength\s*=\s*["']([\w-]+)/i.exec(tag)?.[1]?.toLowerCase() ?? 'medium'] ?? 400;
}

const decode = (text: string): string =>
  text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : ' ';
  });

/** Cuts after sentence marks, and long sentences after a comma or a space. What holds no letter or digit is not spoken. */
function pushSentences(parts: Part[], text: string): void {
  const clean = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  for (const sentence of clean.match(/[^.!?;:]*(?:[.!?;:]+(?!\s)[^.!?;:]*)*[.!?;:]*\s*/g) ?? []) {
    for (let rest = sentence.trim(); rest; ) {
      const piece = rest.length <= MAX_PART_CHARS ? rest : cut(rest);
      if (/[\p{L}\p{N}]/u.test(piece)) parts.push({ text: piece.trim() });
      rest = rest.slice(piece.length).trim();
    }
  }
}

function cut(text: string): string {
  const head = text.slice(0, MAX_PART_CHARS);
  const at = Math.max(head.lastIndexOf(', ') + 1, 0) || head.lastIndexOf(' ');
  return at > 0 ? head.slice(0, at) : head;
}
