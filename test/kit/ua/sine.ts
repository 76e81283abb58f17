// A sine as samples: what the UA's customer plays.

/** `db` below a sine that fills 16 bits. */
export function sinePcm({
  hz,
  db,
  seconds,
  rate = 8000,
}: {
  hz: number;
  db: number;
  seconds: number;
  rate?: number;
}): Int16Array {
  const peak = 32767 * 10 ** (db / 20);
  return Int16Array.from({ length: Math.round(seconds * rate) }, (_, i) =>
    Math.round(peak * Math.sin((2 * Math.PI * hz * i) / rate)),
  );
}
