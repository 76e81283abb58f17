// What rehearsals have covered: which verbs began and how they ended, with which options, and which updates acted on which shape of call.
import type { Cast } from './random-call.ts';
import type { Shape } from './shapes.ts';

/** Counts by name, in rows. */
type Table = Map<string, Map<string, number>>;

export class Coverage {
  /** Verb, and how often it started, finished, was killed, was skipped. */
  readonly #verbs: Table = new Map();
  /** Verb, and which options it was given. */
  readonly #options: Table = new Map();
  /** Field, and the shapes on which it acted. */
  readonly #acted: Table = new Map();
  /** Field, and why it was refused. */
  readonly #refused: Table = new Map();
  readonly #faults: Table = new Map();
  #heard = 0;

  add({ stage, programs, asked, watch }: Cast): void {
    for (const { event } of stage.events) {
      const { type, verb } = event;
      if (typeof verb === 'string') count(this.#verbs, verb, type.replace('verb-', ''));
      if (type === 'error' || type === 'program-refused')
        count(this.#faults, type, withoutNames(`${event.what ?? ''}: ${event.reason ?? ''}`));
    }
    for (const { alert, message } of stage.alerts.map(({ type, message }) => ({ alert: type, message })))
      count(this.#faults, `alert ${alert}`, withoutNames(message));
    for (const { verb, ...options } of programs.served)
      for (const name of Object.keys(options)) count(this.#options, String(verb), name);
    for (const { body, shape, outcome = 'no answer' } of asked) {
      if (!shape) continue;
      const field = Object.keys(body).join(' + ');
      if (outcome.startsWith('refused')) count(this.#refused, field, `${shape}: ${withoutNames(outcome)}`);
      else count(this.#acted, field, shape);
    }
    this.#heard += (watch?.heard.bridged ?? 0) + (watch?.heard.members ?? 0);
  }

  /** How often an update of this field acted on such a call. */
  acted(field: string, shape: Shape): number {
    return this.#acted.get(field)?.get(shape) ?? 0;
  }

  /** How often it was checked that one phone hears another. */
  get listened(): number {
    return this.#heard;
  }

  *lines(): Generator<string> {
    yield* rows('verbs', this.#verbs);
    yield* rows('options of verbs', this.#options);
    yield* rows('updates that acted, by the shape of their call', this.#acted);
    yield* rows('updates that were refused', this.#refused);
    yield* rows('faults', this.#faults);
    yield `${this.#heard} times somebody was listened to`;
  }
}

function count(table: Table, row: string, column: string): void {
  const counts = table.get(row) ?? new Map<string, number>();
  counts.set(column, (counts.get(column) ?? 0) + 1);
  table.set(row, counts);
}

/** Reasons without the sids and message ids in them. */
const withoutNames = (text: string): string =>
  text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<sid>').replace(/\b[1-9A-HJ-NP-Za-km-z]{20,24}\b/g, '<id>');

function* rows(title: string, table: Table): Generator<string> {
  yield `${title}:`;
  for (const [row, counts] of [...table].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const all = [...counts].sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`);
    yield `  ${row}: ${all.join(', ')}`;
  }
}
