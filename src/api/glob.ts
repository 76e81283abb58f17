// Glob patterns, as queues are searched with: * any text, ? one character, [abc] one of those, \ the next character itself.

/** True for what has such a name. Takes time linear in pattern and name, whatever the pattern. */
export function glob(pattern: string): (named: { name: string }) => boolean {
  const tokens = tokensOf(pattern);
  return ({ name }) => matches(tokens, [...name]);
}

/** One character that fits, or any number of any. */
type Token = 'any' | ((character: string) => boolean);

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (const [piece, set, literal] of pattern.matchAll(/\[([^\]]+)\]|\\(.)|./gsu)) {
    if (set !== undefined) tokens.push(oneOf(set));
    else if (literal !== undefined) tokens.push((c) => c === literal);
    else if (piece === '*') tokens.push('any');
    else tokens.push(piece === '?' ? () => true : (c) => c === piece);
  }
  return tokens;
}

/** `a-z` is a range, `^` in front means none of them. */
function oneOf(set: string): (character: string) => boolean {
  const not = set.startsWith('^') || set.startsWith('!');
  const ranges = [...(not ? set.slice(1) : set).matchAll(/(.)-(.)|(.)/gsu)];
  return (c) => not !== ranges.some(([, from, to, one]) => (one === undefined ? from! <= c && c <= to! : c === one));
}

/** Goes back to the last star only: an earlier one need never take more. */
function matches(tokens: readonly Token[], name: readonly string[]): boolean {
  let [token, at] = [0, 0];
  let star: { token: number; at: number } | undefined;
  while (at < name.length) {
    const next = tokens[token];
    if (next === 'any') star = { token: token++, at };
    else if (next?.(name[at]!)) {
      token++;
      at++;
    } else if (star) {
      token = star.token + 1;
      at = ++star.at;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === 'any');
}
