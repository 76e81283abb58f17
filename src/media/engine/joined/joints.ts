// Joints: how a port is joined to others: what fills its frame times, and where its voice goes.
import type { Link } from './link.ts';

export class Joints {
  /** Where what the far end hears of others comes from, when it is one other port. */
  inlet: Link | undefined;
  /** The bridge in which the far end's voice goes to one other port. */
  outlet: Link | undefined;

  /** Copies of what the far end says. */
  readonly copies = new Set<Link>();

  /** Something about the port is different: all directions look anew at how they may go. */
  changed(): void {
    this.inlet?.review();
    this.saysOtherwise();
  }

  /** The far end's voice is muted, or changed on its way, or no longer. */
  saysOtherwise(): void {
    this.outlet?.review();
    for (const copy of this.copies) copy.review();
  }
}
