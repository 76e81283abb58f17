// Talking: whether a port's far end speaks, told as it changes.
import { TalkDetector } from '../../audio/index.ts';
import type { Ear } from './ear.ts';

export class Talking {
  readonly #tell: (talking: boolean) => void;
  #stop: (() => void) | undefined;

  constructor(tell: (talking: boolean) => void) {
    this.#tell = tell;
  }

  /** From now on; undefined ends it, and a talk under way with it. */
  watch(ear: Ear | undefined): void {
    if (ear && this.#stop) return;
    this.#stop?.();
    this.#stop = ear && this.#listen(ear);
  }

  #listen(ear: Ear): () => void {
    let detector: { rate: number; talk: TalkDetector } | undefined;
    const unlisten = ear.listen((frame, rate) => {
      if (detector?.rate !== rate) {
        // Another codec: who spoke may have stopped.
        if (detector?.talk.talking) this.#tell(false);
        detector = { rate, talk: new TalkDetector(rate) };
      }
      if (detector.talk.process(frame)) this.#tell(detector.talk.talking);
    });
    return () => {
      unlisten();
      if (detector?.talk.talking) this.#tell(false);
    };
  }
}
