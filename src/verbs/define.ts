// How a verb is defined: its name, what it needs, what its schema misses, and what it does.
import type { Refusal } from '../base/index.ts';
import type { AudioPlan, Call, Need, VerbRun } from '../calls/index.ts';

/** One verb. `A` is its options after validation by the verb's JSON schema (verbs.md). */
export interface VerbDefinition<A> {
  /** Wire name. */
  name: string;
  /** A small, right use of it, for the contract suite; `/done` and `/next` are hooks there. */
  example: A;
  needs: Need | ((options: A) => Need);
  /** Options that other editions accept and the schema does not list. */
  alsoAccepts?: readonly string[];
  /** What the schema lets through though it cannot work. Paths are relative to the verb. */
  check?(options: A): Refusal | undefined;
  /** For verbs that only play: what. */
  audio?(options: A, call: Call): Promise<AudioPlan | Refusal>;
  run(options: A, run: VerbRun): Promise<unknown>;
}

/** A verb whose options' type is its own business. */
export type AnyVerb = Omit<VerbDefinition<never>, 'example'> & { example: object };

export const defineVerb = <A extends object = object>(definition: VerbDefinition<A>): VerbDefinition<A> => definition;
