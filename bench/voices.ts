// The far ends of the conference bench, in a process of their own: each sends a voice of its own, and says what it heard.
import { RtpLoad, Stream, type Window } from './load/rtp.ts';
import { muLaw } from './load/voice.ts';

/** What the parent asks; each is answered, `start` with the port to send to. Those after the first `speakers` send silence. */
export type VoicesAsk =
  | { start: true }
  | { ports: number[]; speakers: number }
  | { openWindow: true }
  | { closeWindow: true };
export type VoicesAnswer = { port: number } | { window: Window; sounding: number } | null;

const seconds = 10;
const silence = new Uint8Array(160).fill(0xff);
/** Made so far, by index: making one takes longer than sending it for a second. */
const speeches: Uint8Array[] = [];

function speech(index: number): Uint8Array {
  speeches[index] ??= muLaw(index, seconds);
  return speeches[index];
}

class Voice extends Stream {
  readonly #speech: Uint8Array;
  #at = 0;

  constructor(port: number, index: number, speaks: boolean) {
    super(port, index);
    this.#speech = speaks ? speech(index) : silence;
  }

  override next(): Buffer {
    const packet = super.next();
    packet.set(this.#speech.subarray(this.#at, this.#at + 160), 12);
    this.#at = (this.#at + 160) % this.#speech.length;
    return packet;
  }
}

const rtp = new RtpLoad();
let voices: Voice[] = [];

async function answer(ask: VoicesAsk): Promise<VoicesAnswer> {
  if ('start' in ask) return { port: await rtp.open() };
  if ('ports' in ask) {
    for (const voice of voices) rtp.remove(voice);
    voices = ask.ports.map((port, i) => new Voice(port, i, i < ask.speakers));
    for (const voice of voices) rtp.add(voice, performance.now());
    return null;
  }
  if ('openWindow' in ask) {
    rtp.openWindow();
    return null;
  }
  return { window: rtp.closeWindow(), sounding: voices.filter((voice) => voice.firstAudioAt !== undefined).length };
}

process.on('message', (ask: VoicesAsk) => {
  void answer(ask).then((one) => process.send?.(one));
});
process.on('disconnect', () => process.exit(0));
