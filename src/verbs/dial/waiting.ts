// What the caller hears until somebody takes the call: the dial's music, the far end's early media, or ringing.
import { type Playing, playPlan, type VerbRun } from '../../calls/index.ts';

/** North American ringing (ITU-T E.180), at a level that music has. */
const ringback = 'tone_stream://v=-13;%(2000,4000,440,480)';

export class Waiting {
  readonly #run: VerbRun;
  readonly #music: string | undefined;
  #playing: Playing | undefined;
  /** What sounds now; a later choice wins over a slower earlier one. */
  #sound: 'nothing' | 'music' | 'ringing' | 'stopped' | 'over' = 'nothing';

  constructor(run: VerbRun, music: string | undefined) {
    this.#run = run;
    this.#music = music;
  }

  /** Music sounds from the beginning; an unanswered caller is given early media for it. */
  async start(): Promise<void> {
    if (this.#music === undefined || this.#sound !== 'nothing') return;
    this.#sound = 'music';
    const { call, scope } = this.#run;
    const refusal = await call.leg.ensureMedia(true, scope.signal);
    if (this.#sound !== 'music') return;
    if (refusal) {
      this.#sound = 'nothing';
      return this.ringing();
    }
    const playing = this.#play(this.#music);
    const result = await playing?.done;
    if (this.#sound !== 'music' || result?.reason !== 'failed') return;
    call.alert('play-url-notfound', result.fault?.message ?? 'the music could not be played');
    this.#sound = 'nothing';
    this.ringing();
  }

  /** Somebody's phone rings: the caller's own makes the sound while it has no audio of ours, else we do. */
  ringing(): void {
    if (this.#sound !== 'nothing') return;
    this.#sound = 'ringing';
    const { leg } = this.#run.call;
    if (leg.hasMedia) this.#play(ringback);
    else leg.ring();
  }

  /** Silence, until `again`. */
  stop(): void {
    if (this.#sound !== 'over') this.#silence('stopped');
  }

  /** Silence, for good. */
  end(): void {
    this.#silence('over');
  }

  #silence(sound: 'stopped' | 'over'): void {
    this.#sound = sound;
    this.#playing?.stop();
    this.#playing = undefined;
  }

  /** After early media that ended before anybody took the call. */
  again(): void {
    if (this.#sound !== 'stopped') return;
    this.#sound = 'nothing';
    if (this.#music === undefined) this.ringing();
    else void this.start();
  }

  #play(url: string): Playing | undefined {
    const plan = { sources: [{ kind: 'url' as const, url }], loop: Number.POSITIVE_INFINITY };
    const playing = playPlan(this.#run.call, plan, { layer: 'prompt' });
    this.#playing = playing;
    if (playing) this.#run.scope.defer(() => playing.stop());
    return playing;
  }
}
