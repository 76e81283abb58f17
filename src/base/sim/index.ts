// sim: the in-thread twins of clock, chance and network. The third door of base; rehearsals and tests come through it.
export { type SeededRandom, seededRandom } from './seeded-random.ts';
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts';
