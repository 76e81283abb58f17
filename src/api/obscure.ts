// Secrets as they are shown: the beginning, to recognise them by, then X (rest-platform.md 2.4).

const kept = 6;
/** Of a shorter one, six characters would give away half. */
const shortest = 2 * kept;

export const obscured = (secret: string): string =>
  secret.length < shortest ? 'X'.repeat(secret.length) : secret.slice(0, kept) + 'X'.repeat(secret.length - kept);

/** The same record with these texts obscured. */
export function obscure<V>(record: Record<string, V>, secrets: readonly string[]): Record<string, V | string> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      typeof value === 'string' && secrets.includes(name) ? obscured(value) : value,
    ]),
  );
}
