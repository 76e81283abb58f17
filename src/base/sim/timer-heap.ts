// Timer heap: pending timers by time, then by the order they were set. Cancelled ones leave at once.

export interface HeapTimer {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
  /** Place in the heap; -1 when out of it. */
  index: number;
}

const before = (a: HeapTimer, b: HeapTimer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

export class TimerHeap {
  readonly #items: HeapTimer[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): HeapTimer | undefined {
    return this.#items[0];
  }

  add(timer: HeapTimer): void {
    this.#items.push(timer);
    this.#up(timer, this.#items.length - 1);
  }

  remove(timer: HeapTimer): void {
    const { index } = timer;
    if (index < 0) return;
    timer.index = -1;
    const last = this.#items.pop()!;
    if (last === timer) return;
    this.#up(last, index);
    this.#down(last, last.index);
  }

  #put(timer: HeapTimer, index: number): void {
    this.#items[index] = timer;
    timer.index = index;
  }

  #up(timer: HeapTimer, from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#items[parent]!;
      if (!before(timer, above)) break;
      this.#put(above, index);
      index = parent;
    }
    this.#put(timer, index);
  }

  #down(timer: HeapTimer, from: number): void {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#items.length) break;
      if (child + 1 < this.#items.length && before(this.#items[child + 1]!, this.#items[child]!)) child++;
      const below = this.#items[child]!;
      if (!before(below, timer)) break;
      this.#put(below, index);
      index = child;
    }
    this.#put(timer, index);
  }
}
