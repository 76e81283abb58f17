// Bridge: two calls that hear each other, as a dial or a queue made them. It ends when one of them does, or when who made it says so.
import { errorText, isFault, type Refusal, refuse, type Scope } from '../../base/index.ts';
import type { MediaBridge } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { BridgeMedia, type MediaPath } from './media-path.ts';

/** A bridge, seen from one of its two calls. */
export interface BridgePart {
  readonly other: Call;
  /** True on the call whose verb made the bridge (dial, dequeue). */
  readonly owner: boolean;
  readonly path: MediaPath;
  /** The change to it that is not done yet. Rejects when it cannot be. */
  readonly changing: Promise<unknown> | undefined;
  /** Resolves when it has ended, for whatever reason. */
  readonly over: Promise<void>;
  /** Why the media cannot go this way, from what is known now. */
  pathRefusal(path: MediaPath): Refusal | undefined;
  /** Resolves when both legs' audio goes the new way; rejects with a Fault when a far end refused, and then all is as it was. */
  setPath(path: MediaPath): Promise<{ at: number }>;
}

export interface BridgeOptions {
  /** The call whose verb makes the bridge. */
  owner: Call;
  other: Call;
  /** Of that verb: the bridge ends with it. */
  scope: Scope;
}

export class Bridge {
  readonly owner: Call;
  readonly other: Call;
  /** Resolves when it has ended, for whatever reason. */
  readonly over: Promise<void>;
  readonly #scope: Scope;
  readonly #media: BridgeMedia;

  /** Both must have audio. A Refusal says why they cannot hear each other; then nothing has changed. */
  static async join({ owner, other, scope }: BridgeOptions): Promise<Bridge | Refusal> {
    const [a, b] = [owner.leg.port, other.leg.port];
    if (scope.closed || !a || !b) return refuse('bridge-gone', 'one of the calls is over');
    try {
      const media = await owner.world.media.bridge(a, b);
      const over = scope.closed || owner.leg.ended || other.leg.ended;
      if (!over) return new Bridge({ owner, other, scope }, media);
      await media.close();
      return refuse('bridge-gone', 'one of the calls is over');
    } catch (error) {
      if (!isFault(error)) throw error;
      return refuse(error.code, errorText(error), { sip: error.sip ?? 480 });
    }
  }

  private constructor({ owner, other, scope }: BridgeOptions, media: MediaBridge) {
    this.owner = owner;
    this.other = other;
    this.#media = new BridgeMedia({ calls: [owner, other], media });
    this.#scope = scope.child('bridge');
    this.over = new Promise((resolve) => void this.#scope.defer(() => resolve()));
    for (const [call, far] of [
      [owner, other],
      [other, owner],
    ] as const) {
      call.events.append('bridged', { with: far.sid });
      call.parts.put('bridge', this.#part(call, far), this.#scope);
      this.#scope.defer(call.leg.scope.defer(() => void this.close('a leg ended')));
      this.#scope.defer(
        call.digits.listen((digit, durationMs, source) => {
          // Keys that come as packets the engine hands on.
          if (source === 'info' && !call.leg.muted) far.leg.keys.send(digit, durationMs).sent.catch(() => {});
        }),
      );
    }
    for (const call of [owner, other]) call.inDialog.bridged();
    this.#scope.defer(async ({ reason }) => {
      for (const [call, far] of [
        [owner, other],
        [other, owner],
      ] as const)
        call.events.append('unbridged', { with: far.sid, reason });
      this.#media.close();
      await media.close();
    });
  }

  get path(): MediaPath {
    return this.#media.path;
  }

  get closed(): boolean {
    return this.#scope.closed;
  }

  /** Resolves when both legs are free for another bridge, or a room. */
  close(reason: string): Promise<void> {
    return this.#scope.close(reason);
  }

  #part(call: Call, far: Call): BridgePart {
    const bridge = this;
    return {
      other: far,
      owner: call === this.owner,
      over: this.over,
      get path() {
        return bridge.path;
      },
      get changing() {
        return bridge.#media.changing;
      },
      pathRefusal: (path) => this.#media.refusal(path),
      setPath: (path) => this.setPath(path),
    };
  }

  setPath(path: MediaPath): Promise<{ at: number }> {
    return this.#media.set(path);
  }
}
