// Forks: a conference's mix, or each member's voice, on its way to WebSocket servers (verbs.md 6.6). They are no members, and end with it.
import type { HookInput } from '../../apps/index.ts';
import { isRefusal, type Scope } from '../../base/index.ts';
import type { MediaRoom, MediaStream } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { conferenceForkLimit } from '../limits.ts';
import { type OpenStream, openStream, type StreamInput } from '../sound/streaming.ts';

/** What a conference verb nests. */
export interface ForkInput extends StreamInput {
  /** 'members': one stream for each member's voice, in place of one of the mix. */
  scope?: string;
  /** Told of the end of a stream of the mix. */
  actionHook?: HookInput;
}

/** What the API asks for, of no call. */
export interface RoomListen {
  url: string;
  sampleRate: number;
  /** The first text frame, as it is. */
  metadata: Record<string, unknown>;
}

/** A member, as forks need it. */
export interface Forked {
  readonly call: Call;
  /** Of its place. */
  readonly scope: Scope;
}

export class ConferenceForks {
  readonly #room: MediaRoom;
  /** Of the conference. */
  readonly #scope: Scope;
  /** Of the mix, by address: an application that sends every caller here wants one. */
  readonly #ofMix = new Map<string, OpenStream>();
  readonly #ofMembers = new Map<string, { input: ForkInput; session: Call }>();
  #listen: { url: string; stream: MediaStream } | undefined;

  constructor(room: MediaRoom, scope: Scope) {
    this.#room = room;
    this.#scope = scope;
  }

  /** A member has come in, perhaps with a fork of its own; `members` are all. */
  joined(member: Forked, input: ForkInput | undefined, members: readonly Forked[]): void {
    for (const fork of this.#ofMembers.values()) this.#stream(member, fork);
    if (!input) return;
    const address = member.call.conversation.resolve(input.url)?.url ?? input.url;
    if (input.scope !== 'members') return this.#streamMix(member, input, address);
    if (this.#ofMembers.has(address) || this.#ofMembers.size >= conferenceForkLimit) return;
    const fork = { input, session: member.call };
    this.#ofMembers.set(address, fork);
    for (const one of members) this.#stream(one, fork);
  }

  /** One for the API: asked for again it goes on, for another address it begins anew. */
  listen({ url, sampleRate, metadata }: RoomListen): void {
    if (this.#listen?.url === url) return;
    this.unlisten();
    const stream = this.#room.stream({ url, mix: 'mono', sampleRate, hello: metadata, back: 'none' });
    const listen = { url, stream };
    this.#listen = listen;
    void stream.done.then(() => {
      if (this.#listen === listen) this.#listen = undefined;
    });
  }

  unlisten(): void {
    this.#listen?.stream.stop();
    this.#listen = undefined;
  }

  /** One member's voice, as long as it is a member. */
  #stream({ call, scope }: Forked, { input, session }: { input: ForkInput; session: Call }): void {
    const stream = openStream(call, input, { scope, session, about: call, background: true });
    if (isRefusal(stream)) call.alert('listen-failed', stream.reason);
  }

  /** The mix, until the conference ends. The listen_status of each member that asked for it reaches it. */
  #streamMix({ call, scope }: Forked, input: ForkInput, address: string): void {
    let stream = this.#ofMix.get(address);
    if (!stream) {
      if (this.#ofMix.size >= conferenceForkLimit) return;
      const opened = openStream(call, input, {
        scope: this.#scope,
        background: true,
        open: (options) => this.#room.stream({ ...options, mix: options.mix === 'stereo' ? 'stereo' : 'mono' }),
      });
      if (isRefusal(opened)) return call.alert('listen-failed', opened.reason);
      this.#ofMix.set(address, opened);
      const from = call.clock.now();
      void opened.done.then(() => {
        this.#ofMix.delete(address);
        const dialCallDuration = Math.floor((call.clock.now() - from) / 1000);
        if (input.actionHook !== undefined)
          call.conversation.tell(input.actionHook, call.payload({ dialCallDuration }));
      });
      stream = opened;
    }
    const remove = call.parts.put('stream', stream, scope);
    void stream.done.then(remove);
  }
}
