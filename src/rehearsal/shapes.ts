// The shapes of live calls that an update may meet, for choosing one and for counting what was tried on which.
import type { Call } from '../calls/index.ts';

export const shapes = [
  'alone',
  'ringing',
  'held',
  'bridge owner',
  'dialled leg',
  'queue pair',
  'queued',
  'conference waiter',
  'member',
  'no-media',
  'over',
] as const;

export type Shape = (typeof shapes)[number];

/** The one that says most of what an update meets. */
export function shapeOf(call: Call | undefined): Shape {
  if (!call || call.ended) return 'over';
  const { leg, parts } = call;
  if (!leg.answered) return 'ringing';
  const bridge = parts.get('bridge');
  if (bridge && bridge.path === 'no-media') return 'no-media';
  if (leg.offers.held) return 'held';
  const place = parts.get('conference');
  if (place) return place.joined ? 'member' : 'conference waiter';
  if (call.parent) return 'dialled leg';
  const { running } = call.program;
  if (bridge) return parts.get('dial') ? 'bridge owner' : 'queue pair';
  return running?.name === 'enqueue' ? 'queued' : 'alone';
}
