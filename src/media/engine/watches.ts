// Watches: what a port's far end does is told while somebody wants to know: whether it speaks, and every beep.
import { BeepDetector, TalkDetector } from '../../audio/index.ts';
import type { Beep, Watched } from '../types.ts';
import type { Ear } from './ear.ts';

/** Begins; the returned function ends it. */
type Watch = (ear: Ear) => () => void;

export interface WatchesOptions {
  ear: Ear;
  onTalking(talking: boolean): void;
  onBeep(beep: Beep): void;
}

export class Watches {
  readonly #ear: Ear;
  readonly #kinds: Record<Watched, Watch>;
  readonly #running = new Map<Watched, () => void>();

  constructor({ ear, onTalking, onBeep }: WatchesOptions) {
    this.#ear = ear;
    this.#kinds = { talking: talkWatch(onTalking), beeps: beepWatch(onBeep) };
  }

  set(what: Watched, on: boolean): void {
    const running = this.#running.get(what);
    if (on === (running !== undefined)) return;
    running?.();
    if (on) this.#running.set(what, this.#kinds[what](this.#ear));
    else this.#running.delete(what);
  }
}

/** A talk under way ends with the watch. */
function talkWatch(tell: (talking: boolean) => void): Watch {
  return (ear) => {
    let detector: { rate: number; talk: TalkDetector } | undefined;
    const unlisten = ear.listen((frame, rate) => {
      if (detector?.rate !== rate) {
        // Another codec: who spoke may have stopped.
        if (detector?.talk.talking) tell(false);
        detector = { rate, talk: new TalkDetector(rate) };
      }
      if (detector.talk.process(frame)) tell(detector.talk.talking);
    });
    return () => {
      unlisten();
      if (detector?.talk.talking) tell(false);
    };
  };
}

function beepWatch(tell: (beep: Beep) => void): Watch {
  return (ear) => {
    let detector: { rate: number; beeps: BeepDetector } | undefined;
    return ear.listenForSignals((frame, rate) => {
      if (detector?.rate !== rate) {
        detector = { rate, beeps: new BeepDetector(rate) };
        detector.beeps.onBeep = tell;
      }
      detector.beeps.process(frame);
    });
  };
}
