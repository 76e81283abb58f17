// mute_status: the leg's voice becomes silence for every listener, or is heard again.
import { isRefusal } from '../base/index.ts';
import type { Call, Leg } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { needsMedia, oneOf } from './refusals.ts';

export const mute = defineCommand<boolean>({
  rest: 'mute_status',
  ws: 'mute:status',
  needs: 'audio',
  summary: 'Turns the voice of the addressed leg into silence for everybody who listens, or lets it be heard again.',
  schema: { type: 'string', enum: ['mute', 'unmute'] },
  examples: [{ mute_status: 'mute' }, { mute_status: 'unmute' }],
  read(value) {
    const status = oneOf(value, ['mute', 'unmute']);
    return isRefusal(status) ? status : status === 'mute';
  },
  allowed: needsMedia,
  apply: ({ call, leg }, muted) => ({ effect: setMuted(call, leg, muted) }),
});

/** A member of a conference is muted there, and for those who listen otherwise it is not; unmuted it is in both ways. */
async function setMuted(call: Call, leg: Leg, muted: boolean): Promise<{ at: number }> {
  const place = call.parts.get('conference');
  if (!place?.joined) return leg.setMuted(muted);
  const effects = await Promise.all([place.setMuted(muted), ...(muted ? [] : [leg.setMuted(false)])]);
  return { at: Math.max(...effects.map((effect) => effect.at)) };
}
