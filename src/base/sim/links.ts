// Links: what the simulated wire does between two hosts, settable for all, one side or one pair, at any time.

export interface LinkConditions {
  /** One-way delay. */
  delayMs: number;
  /** Extra delay, drawn evenly from [0, jitterMs) for each datagram or piece of a stream. Order is kept. */
  jitterMs: number;
  /** Chance in [0, 1] that a datagram is lost; a stream is late by a retransmission instead. */
  lossRate: number;
  /** Chance that a datagram arrives twice. */
  duplicateRate: number;
  /** Chance that a datagram is held back by `reorderMs` and overtaken. */
  reorderRate: number;
  reorderMs: number;
  /** Chance that what has arrived of a stream is handed over in two pieces, cut anywhere. */
  segmentRate: number;
  /** Nothing gets through, and nobody is told: a half-dead peer. Streams go on when it ends. */
  blackhole: boolean;
}

const perfect: LinkConditions = {
  delayMs: 0,
  jitterMs: 0,
  lossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  reorderMs: 40,
  segmentRate: 0.5,
  blackhole: false,
};

/** Host addresses; a side left out means any host. */
export interface LinkSelector {
  from?: string;
  to?: string;
}

export class Links {
  #rules: { where: LinkSelector; change: Partial<LinkConditions> }[] = [];
  readonly #known = new Map<string, LinkConditions>();

  /** Narrower rules win over wider ones, later ones over earlier. The returned function takes this one back. */
  set(where: LinkSelector, change: Partial<LinkConditions>): () => void {
    const rule = { where, change };
    this.#rules.push(rule);
    this.#rules.sort((a, b) => breadth(b.where) - breadth(a.where));
    this.#known.clear();
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
      this.#known.clear();
    };
  }

  between(from: string, to: string): LinkConditions {
    const key = `${from}>${to}`;
    const known = this.#known.get(key);
    if (known) return known;
    const matching = this.#rules.filter(({ where }) => (where.from ?? from) === from && (where.to ?? to) === to);
    const conditions = Object.assign({}, perfect, ...matching.map((rule) => rule.change)) as LinkConditions;
    this.#known.set(key, conditions);
    return conditions;
  }
}

const breadth = (where: LinkSelector): number => (where.from === undefined ? 1 : 0) + (where.to === undefined ? 1 : 0);
