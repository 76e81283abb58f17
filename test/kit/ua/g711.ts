// G.711 u-law as ITU-T G.711 table 2a has it, and how loud a tone is: for a UA that owes the program nothing.

/** Code word to 16-bit sample. */
const expand: Int16Array = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return bits & 0x80 ? -magnitude : magnitude;
});

export const silenceByte = 0xff;

export const decode = (bytes: Uint8Array): Int16Array => Int16Array.from(bytes, (code) => expand[code]!);

/** Sample to the nearest code word, by looking at all of them: slow, and surely right. */
export function encodeSample(sample: number): number {
  let best = 0;
  for (let code = 1; code < 256; code++)
    if (Math.abs(expand[code]! - sample) < Math.abs(expand[best]! - sample)) best = code;
  return best;
}

/** RMS level of a sine at `hz` in `pcm`, in dB below a sine that fills 16 bits. */
export function sineDb(pcm: Int16Array, hz: number, rate = 8000): number {
  // Whole periods only, so that no window is needed: the length is cut to the last full one (to within half a sample).
  const period = rate / hz;
  const length = Math.floor(Math.floor(pcm.length / period) * period);
  let cosine = 0;
  let sine = 0;
  for (let i = 0; i < length; i++) {
    cosine += pcm[i]! * Math.cos((2 * Math.PI * i) / period);
    sine += pcm[i]! * Math.sin((2 * Math.PI * i) / period);
  }
  const peak = (2 * Math.hypot(cosine, sine)) / Math.max(1, length);
  return 20 * Math.log10(Math.max(peak, 0.01) / 32768);
}

/** RMS level of all there is, dB below a full sine. */
export function rmsDb(pcm: Int16Array): number {
  const power = pcm.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, pcm.length);
  return 10 * Math.log10(Math.max(2 * power, 1e-4) / 32768 ** 2);
}

/**
 * What is left of a pure tone when the tone is taken away: largest distance from the sine that fits best over each 50 ms.
 * A click, a gap or a jump of phase stands out by the tone's own height; u-law's steps by a few percent of it.
 */
export function worstDeparture(pcm: Int16Array, hz: number): { at: number; share: number } {
  const step = (2 * Math.PI * hz) / 8000;
  const block = 400;
  let worst = { at: 0, share: 0 };
  for (let from = 0; from + block <= pcm.length; from += block / 2) {
    let [cc, ss, cs, xc, xs] = [0, 0, 0, 0, 0];
    for (let i = from; i < from + block; i++) {
      const [c, s] = [Math.cos(step * i), Math.sin(step * i)];
      cc += c * c;
      ss += s * s;
      cs += c * s;
      xc += pcm[i]! * c;
      xs += pcm[i]! * s;
    }
    const a = (xc * ss - xs * cs) / (cc * ss - cs * cs);
    const b = (xs * cc - xc * cs) / (cc * ss - cs * cs);
    const height = Math.max(1, Math.hypot(a, b));
    for (let i = from; i < from + block; i++) {
      const share = Math.abs(pcm[i]! - a * Math.cos(step * i) - b * Math.sin(step * i)) / height;
      if (share > worst.share) worst = { at: i, share };
    }
  }
  return worst;
}
