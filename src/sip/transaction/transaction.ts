// What all transactions share: a state, the row of the table it stands in, and at most two timers.
import type { Clock, Timer } from '../../base/index.ts';
import type { MachineTable, StateName, StateRow, TimerName, TransactionAction, TransactionEvent } from './tables.ts';
import { endAfter, repeatAfter } from './timers.ts';

const nothing: StateRow = { on: {} };

export abstract class Transaction {
  readonly key: string;
  readonly reliable: boolean;
  state: StateName;
  readonly #table: MachineTable;
  readonly #clock: Clock;
  #row: StateRow = nothing;
  #repeat: Timer | undefined;
  #interval = 0;
  #end: Timer | undefined;

  constructor(options: { key: string; reliable: boolean; table: MachineTable; state: StateName; clock: Clock }) {
    this.key = options.key;
    this.reliable = options.reliable;
    this.state = options.state;
    this.#table = options.table;
    this.#clock = options.clock;
  }

  /** Carries one action out. `cause` is what came with the event: a message or an error. */
  protected abstract perform(action: TransactionAction, cause: unknown): void;
  /** The transaction is over and must be forgotten. Exactly once. */
  protected abstract ended(): void;

  /** Starts the timers of the first state. */
  protected begin(): void {
    this.#enter(this.state);
  }

  /** The transaction's only way forward; events without a row change nothing. */
  protected step(event: TransactionEvent, cause: unknown): void {
    const row = this.#row.on[event];
    if (row === undefined) return;
    const next = row[0];
    if (next !== this.state) this.#enter(next);
    for (let i = 1; i < row.length; i++) this.perform(row[i] as TransactionAction, cause);
    if (next === 'terminated') this.#finish();
  }

  /** Ends it at once, telling nobody. */
  abandon(): void {
    if (this.state === 'terminated') return;
    this.#enter('terminated');
    this.#finish();
  }

  #finish(): void {
    this.#row = nothing;
    this.ended();
  }

  #enter(state: StateName): void {
    const before = this.#row;
    const row = this.#table[state] ?? nothing;
    this.state = state;
    this.#row = row;
    if (row.repeat !== before.repeat) this.#startRepeat(row.repeat);
    if (row.end !== before.end) this.#startEnd(row.end);
  }

  #startRepeat(timer: TimerName | undefined): void {
    this.#repeat?.cancel();
    this.#repeat = undefined;
    this.#interval = 0;
    if (timer !== undefined && !this.reliable) this.#armRepeat(timer);
  }

  #armRepeat(timer: TimerName): void {
    this.#interval = repeatAfter(timer, this.state, this.#interval);
    this.#repeat = this.#clock.after(this.#interval, () => {
      this.step(timer, undefined);
      if (this.#row.repeat === timer) this.#armRepeat(timer);
    });
  }

  #startEnd(timer: TimerName | undefined): void {
    this.#end?.cancel();
    this.#end = undefined;
    if (timer === undefined) return;
    const ms = endAfter(timer, this.reliable);
    this.#end = this.#clock.after(ms, () => this.step(timer, undefined));
  }
}
