// A voice for load: harmonics that rise and fall in syllables, so that no frame of it is silence, and no two voices are alike.

const rate = 8000;

/** G.711 mu-law, 8000 samples a second. */
export function muLaw(index: number, seconds: number): Uint8Array {
  const pitch = 90 + ((index * 37) % 160);
  const syllable = 3 + (index % 5) * 0.3;
  return Uint8Array.from({ length: seconds * rate }, (_, i) => {
    const t = i / rate;
    const envelope = 0.15 + 0.85 * Math.sin(Math.PI * syllable * t) ** 2;
    let x = 0;
    for (let h = 1; h <= 6; h++) x += Math.sin(2 * Math.PI * pitch * h * t + h * index) / h;
    return encode(1200 * envelope * x);
  });
}

/** ITU-T G.711 table 2, by search for the segment. */
function encode(sample: number): number {
  const biased = Math.min(32_635, Math.abs(Math.round(sample))) + 132;
  let segment = 7;
  while (segment > 0 && biased < 1 << (segment + 7)) segment--;
  const code = (segment << 4) | ((biased >> (segment + 3)) & 0x0f);
  return ~(sample < 0 ? code | 0x80 : code) & 0xff;
}
