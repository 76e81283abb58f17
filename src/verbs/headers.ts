// Header objects as applications write them (numbers allowed) to text.

export function headerText(headers: Record<string, string | number> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}
