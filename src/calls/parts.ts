// Parts: what commands may reach of a running verb or background feature. Whoever lives puts a facet here; its scope takes it off.
import { bug, type Scope } from '../base/index.ts';
import type { TapState } from '../media/client.ts';
import type { BridgePart } from './bridge/bridge.ts';
import type { Call } from './call.ts';
import type { ConferencePart } from './conference/conference.ts';
import type { HoldPart, ReferPart } from './far-end/in-dialog.ts';
import type { Step } from './types.ts';

/** Streams of the running verb (listen, or nested in a dial): listen_status and stream_status. */
export interface StreamPart {
  setState(state: TapState): Promise<{ at: number }>;
}

/** A transcription, background, nested or a verb's: transcribe_status. */
export interface TranscriptionPart {
  pause(): Promise<{ at: number }>;
  resume(): Promise<{ at: number }>;
}

/** The running dial of this call. */
export interface DialPart {
  /** The leg that talks. */
  selected(): Call | undefined;
  /** The dial comes to its end as if the far end had hung up: its action hook decides what follows. */
  finish(): void;
  /** As `finish`, but the leg that talks goes on, without the dial. */
  release(): Call | undefined;
}

/** config.bargeIn: the gather in the background (verbs.md 9.1). */
export interface BargeInPart {
  readonly input: readonly string[];
  /** The config that would have ended it and was left over when the caller barged in. */
  readonly spared: Step | undefined;
  /** A gather is not run beside it: its timeout, in seconds, counts here. Resolves with the next result, or when it ends. */
  takeTimeout(seconds: number): Promise<void>;
  stop(): void;
}

/** Each kind of facet. Several of a kind may be there at once; commands act on all, or on the newest. */
export interface PartKinds {
  /** This leg and another hear each other. */
  bridge: BridgePart;
  dial: DialPart;
  /** This leg is in a conference, or waits for one. */
  conference: ConferencePart;
  /** A dial's onHoldHook. */
  hold: HoldPart;
  /** A dial's referHook. */
  refer: ReferPart;
  stream: StreamPart;
  transcription: TranscriptionPart;
  /** config.transcribe's; it is among the transcriptions too. */
  backgroundTranscription: { stop(): void };
  bargeIn: BargeInPart;
  /** Whether a human or a machine has answered this leg is being found out. */
  amd: { stop(): void };
  /** What sounds on the prompt layer. */
  prompt: { stop(): void };
}

export class Parts {
  readonly #parts = new Map<keyof PartKinds, PartKinds[keyof PartKinds][]>();

  /** There until the scope closes, or the returned function is called. */
  put<K extends keyof PartKinds>(kind: K, part: PartKinds[K], scope: Scope): () => void {
    if (scope.closed) bug(`a part of a closed scope: ${kind}`);
    this.#parts.set(kind, [...(this.#parts.get(kind) ?? []), part]);
    const remove = (): void => {
      this.#parts.set(
        kind,
        (this.#parts.get(kind) ?? []).filter((one) => one !== part),
      );
    };
    const forget = scope.defer(remove);
    return () => {
      forget();
      remove();
    };
  }

  /** The newest of its kind. */
  get<K extends keyof PartKinds>(kind: K): PartKinds[K] | undefined {
    return this.all(kind).at(-1);
  }

  all<K extends keyof PartKinds>(kind: K): PartKinds[K][] {
    return (this.#parts.get(kind) ?? []) as PartKinds[K][];
  }
}
