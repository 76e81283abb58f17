// Mailbox: messages to one owner, handled one at a time in the order they came, in turns that never wait.

export interface MailboxOptions<M> {
  /** Handles one message; must not wait for anything. */
  handle(message: M): void;
  /** What to do when handling a message threw: the owner's bug, not the sender's. */
  onError(error: unknown, message: M): void;
  /** Most messages that may wait; one more is refused. */
  limit: number;
}

export class Mailbox<M> {
  readonly #options: MailboxOptions<M>;
  #waiting: M[] = [];
  #busy = false;
  #closed = false;

  constructor(options: MailboxOptions<M>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Handled at once when the owner is idle, else after what it is doing. False when closed or full. */
  post(message: M): boolean {
    if (this.#closed || this.#waiting.length >= this.#options.limit) return false;
    this.#waiting.push(message);
    if (!this.#busy) this.#drain();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  #drain(): void {
    this.#busy = true;
    try {
      for (let message = this.#waiting.shift(); message !== undefined; message = this.#waiting.shift()) {
        this.#handle(message);
      }
    } finally {
      this.#busy = false;
    }
  }

  #handle(message: M): void {
    try {
      this.#options.handle(message);
    } catch (error) {
      this.#options.onError(error, message);
    }
  }
}
