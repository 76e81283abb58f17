// Recordings of a call: what a `record` command or config may do now, and what it does (live-call-control.md 2.9). One of each type at a time.
import { errorText, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { CloudRecorder } from './cloud.ts';
import { SiprecRecorder } from './siprec/recorder.ts';

export type RecordType = 'cloud' | 'siprec';
export type RecordAction = 'start' | 'stop' | 'pause' | 'resume';

export interface RecordRequest {
  action: RecordAction;
  /** Absent: the recording that there is, a SIPREC one first. */
  type?: RecordType;
  /** While paused the time stays in the recording, silent. Cloud only. */
  silence: boolean;
  /** SIPREC: lists of servers, as SiprecOptions has them. */
  servers: readonly (readonly string[])[];
  recordingId?: string;
  headers: Record<string, string>;
}

/** Who records, by type. Its operations come one after another. */
export interface Recorder {
  /** It ended by itself. */
  onLost: (reason: string) => void;
  start(): Promise<{ at: number } | Refusal>;
  setPaused(paused: boolean, silence: boolean): Promise<{ at: number } | Refusal>;
  stop(): Promise<{ at: number }>;
}

/** Makes the recorder of a type. A new type is a line here. */
const recorders: Record<RecordType, (call: Call, request: RecordRequest) => Recorder> = {
  cloud: (call) => new CloudRecorder(call),
  siprec: (call, { servers, recordingId, headers }) =>
    new SiprecRecorder(call, { servers, headers, ...(recordingId !== undefined && { recordingId }) }),
};

type State = 'off' | 'waiting' | 'on' | 'paused';

/** What each state lets happen. */
const moves: Record<State, Partial<Record<RecordAction, State>>> = {
  off: { start: 'on' },
  waiting: { stop: 'off' },
  on: { stop: 'off', pause: 'paused' },
  paused: { stop: 'off', resume: 'on' },
};

const stateWords: Record<State, string> = {
  off: 'the call is not being recorded',
  waiting: 'a recording waits for the answer',
  on: 'the call is being recorded',
  paused: 'the recording is paused',
};

type Effect = Promise<{ at: number }>;

/** One type's recording. The state changes in the call's turn; what it asks for follows in order. */
class Slot {
  state: State = 'off';
  readonly #call: Call;
  readonly #type: RecordType;
  #recorder: Recorder | undefined;
  #waiting: (() => void) | undefined;
  #working: Promise<unknown> = Promise.resolve();

  constructor(call: Call, type: RecordType) {
    this.#call = call;
    this.#type = type;
  }

  allowed({ action }: RecordRequest): Refusal | undefined {
    if (!moves[this.state][action]) return refuse('record-state', `${stateWords[this.state]}`);
    return undefined;
  }

  apply(request: RecordRequest): Effect {
    const { action } = request;
    if (action === 'start' && !this.#call.leg.answered) return this.#wait(request);
    const before = this.state;
    this.state = moves[before][action] ?? before;
    if (before === 'waiting') return this.#forget();
    return action === 'start' ? this.#start(request) : this.#change(request, before);
  }

  /** The call has been answered: what waited for it begins. */
  answered(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** Before the answer only a start is taken; it acts then. */
  #wait(request: RecordRequest): Effect {
    this.state = 'waiting';
    return new Promise((resolve, reject) => {
      this.#waiting = () => {
        this.state = 'on';
        this.#start(request).then(resolve, reject);
      };
    });
  }

  async #forget(): Effect {
    this.#waiting = undefined;
    return { at: this.#call.clock.now() };
  }

  #start(request: RecordRequest): Effect {
    const recorder = recorders[this.#type](this.#call, request);
    this.#recorder = recorder;
    recorder.onLost = (reason) =>
      this.#call.turn('recording lost', () => {
        if (this.#recorder === recorder) this.#lost(reason);
      });
    return this.#next(recorder, () => recorder.start(), 'off');
  }

  #change({ action, silence }: RecordRequest, before: State): Effect {
    const recorder = this.#recorder;
    if (!recorder) return Promise.reject(new Error('the recording has ended'));
    if (action === 'stop') this.#recorder = undefined;
    return this.#next(
      recorder,
      () => (action === 'stop' ? recorder.stop() : recorder.setPaused(action === 'pause', silence)),
      before,
    );
  }

  /** After what came before it. What could not be done leaves the state as it was, unless the recording was stopped meanwhile. */
  async #next(recorder: Recorder, work: () => Promise<{ at: number } | Refusal>, before: State): Effect {
    const done = this.#working.then(work).catch((error: unknown) => refuse('record-failed', errorText(error)));
    this.#working = done;
    const outcome = await done;
    if (!isRefusal(outcome)) return outcome;
    this.#call.turn('recording refused', () => {
      if (this.#recorder !== recorder) return;
      this.state = before;
      if (before === 'off') this.#recorder = undefined;
    });
    throw new Error(outcome.reason);
  }

  #lost(reason: string): void {
    this.#recorder = undefined;
    this.state = 'off';
    if (!this.#call.ended) this.#call.alert('recording-failed', reason);
  }
}

export class Recordings {
  readonly #call: Call;
  readonly #slots: Record<RecordType, Slot>;
  #files = 0;
  /** What recorders still do for recordings that have ended, to be waited for (briefly) before nothing is left of the call. */
  readonly #lastWords = new Set<Promise<unknown>>();

  constructor(call: Call) {
    this.#call = call;
    this.#slots = { cloud: new Slot(call, 'cloud'), siprec: new Slot(call, 'siprec') };
  }

  /** May it act now? */
  allowed(request: RecordRequest): Refusal | undefined {
    return this.#slotOf(request).allowed(request);
  }

  /** Only what is allowed. Rejects when it failed later. */
  apply(request: RecordRequest): Effect {
    return this.#slotOf(request).apply(request);
  }

  #slotOf({ type }: RecordRequest): Slot {
    const { cloud, siprec } = this.#slots;
    if (type !== undefined) return this.#slots[type];
    return siprec.state === 'off' && cloud.state !== 'off' ? cloud : siprec;
  }

  /** The call has been answered: waiting recordings begin, and that of an account or application that records all its calls. */
  answered(): void {
    for (const slot of Object.values(this.#slots)) slot.answered();
    const { owner, parent } = this.#call;
    const all = owner.account.record_all_calls || owner.application?.record_all_calls;
    // A dialled leg is heard in its parent's recording.
    if (!all || parent || this.#slots.cloud.state !== 'off') return;
    const request = { action: 'start', type: 'cloud', silence: false, servers: [], headers: {} } as const;
    this.apply(request).catch((error: unknown) => this.#call.alert('recording-failed', String(error)));
  }

  /** sip-edge.md RC-3, by the day of the beginning in UTC. A call's second recording gets a name of its own. */
  pathFor(startedAt: number, format: string): string {
    const day = new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '/');
    this.#files++;
    return `${day}/${this.#call.sid}${this.#files > 1 ? `-${this.#files}` : ''}.${format}`;
  }

  /** Nothing is left of the call before this has settled, or a few seconds have passed. */
  awaits(last: Promise<unknown>): void {
    this.#lastWords.add(last);
    void last.finally(() => this.#lastWords.delete(last));
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#lastWords);
  }
}
