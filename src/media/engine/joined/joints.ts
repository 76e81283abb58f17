// Joints: how a port is joined to others: what fills its frame times, and where its voice goes.
import type { Link } from './link.ts';

export class Joints {
  /** Where what the far end hears of others comes from, when it is one other port. */
  inlet: Link | undefined;
  /** The bridge in which the far end's voice goes to one other port. */
  outlet: Link | undefined;

  /** Something about the port is different: both directions look anew at how they may go. */
  changed(): void {
    this.inlet?.review();
    this.outlet?.review();
  }
}
