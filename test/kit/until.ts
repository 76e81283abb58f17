// Waiting for something real: polled, with a limit that a busy machine does not reach, and a failure that says what was missed.

/** How long a thing may take that takes milliseconds on an idle machine. */
const patienceMs = 20_000;
const pollMs = 10;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves with the first value that is neither false nor undefined. */
export async function until<T>(
  look: () => T | false | undefined,
  { what, withinMs = patienceMs }: { what: string | (() => string); withinMs?: number },
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = look();
    if (found !== false && found !== undefined) return found;
    if (performance.now() > deadline)
      throw new Error(`waited ${withinMs} ms for ${typeof what === 'string' ? what : what()}`);
    await pause(pollMs);
  }
}
