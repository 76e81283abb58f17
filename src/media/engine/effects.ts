// Effects: who waits for the next frame or packet that leaves a port, to say when a change was first heard.

export class Effects {
  #waiting: ((at: number) => void)[] = [];

  next(): Promise<{ at: number }> {
    return new Promise((resolve) => this.#waiting.push((at) => resolve({ at })));
  }

  tell(now: number): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const settle of waiting) settle(now);
  }
}
