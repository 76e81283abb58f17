// The event log of one call: what happened, once, in the call's own time. Records, metrics, alerts and rehearsals read it.
import { eventLimit } from './limits.ts';
import type { Step } from './types.ts';

/** Every kind of event. `docs/events.md` explains them to someone who has never seen SIP. */
export type CallEventType =
  | 'created'
  | 'sip'
  | 'status'
  | 'media'
  | 'hold'
  | 'refer'
  | 'replaced'
  | 'digit'
  | 'hook-sent'
  | 'hook-answered'
  | 'hook-failed'
  | 'socket-opened'
  | 'socket-closed'
  | 'socket-failed'
  | 'message-refused'
  | 'recording'
  | 'verb-started'
  | 'verb-finished'
  | 'verb-killed'
  | 'verb-skipped'
  | 'program-replaced'
  | 'program-refused'
  | 'options-unknown'
  | 'play-started'
  | 'play-finished'
  | 'speech-synthesized'
  | 'stream'
  | 'recognition'
  | 'transcript'
  | 'amd'
  | 'conference'
  | 'queue'
  | 'dial'
  | 'bridged'
  | 'unbridged'
  | 'adulted'
  | 'commanded'
  | 'command-refused'
  | 'effect'
  | 'alert'
  | 'error'
  | 'ended';

export interface CallEvent {
  /** Unix time, ms. */
  readonly at: number;
  readonly type: CallEventType;
  readonly [field: string]: unknown;
}

export class EventLog {
  readonly #events: CallEvent[] = [];
  readonly #now: () => number;
  readonly #listen: (event: CallEvent) => void;
  #dropped = 0;
  #over = false;
  readonly #waiting = new Set<{ wanted: (event: CallEvent) => boolean; resolve: (event: CallEvent) => void }>();

  constructor(now: () => number, listen: (event: CallEvent) => void) {
    this.#now = now;
    this.#listen = listen;
  }

  /** What comes after `ended` is of a call that is no more: it is not kept. */
  append(type: CallEventType, fields: Record<string, unknown> = {}): void {
    if (this.#over) return;
    this.#over = type === 'ended';
    const event: CallEvent = { at: this.#now(), type, ...fields };
    if (this.#events.length < eventLimit) this.#events.push(event);
    else this.#dropped++;
    this.#listen(event);
    for (const waiter of this.#waiting) {
      if (!waiter.wanted(event)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(event);
    }
  }

  /** The next event that is wanted. `ended` is the last of every log: who wants that too does not wait for ever. */
  next(wanted: (event: CallEvent) => boolean): Promise<CallEvent> {
    return new Promise((resolve) => this.#waiting.add({ wanted, resolve }));
  }

  get all(): readonly CallEvent[] {
    return this.#events;
  }

  /** Events that came after the log was full. */
  get dropped(): number {
    return this.#dropped;
  }
}

/** Facts of another room in the log's spelling: `elapsedMs` is `elapsed_ms`. */
export function logged(facts: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [spelling(name), value]));
}

const spelling = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What stands in a verb's options and nobody knows has no effect; it must not be lost in silence. */
export function noteStrange({ events }: { events: EventLog }, { name, strange }: Step): void {
  if (strange) events.append('options-unknown', { verb: name, paths: strange });
}
