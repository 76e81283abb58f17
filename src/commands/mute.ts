// mute_status: the leg's voice becomes silence for every listener, or is heard again.
import { isObject, isRefusal } from '../base/index.ts';
import { defineCommand } from './define.ts';
import { needsMedia, oneOf } from './refusals.ts';

export const mute = defineCommand<boolean>({
  rest: 'mute_status',
  ws: 'mute:status',
  needs: 'audio',
  summary: 'Turns the voice of the addressed leg into silence for everybody who listens, or lets it be heard again.',
  schema: { type: 'string', enum: ['mute', 'unmute'] },
  examples: [{ mute_status: 'mute' }],
  read(value) {
    const status = oneOf(value, ['mute', 'unmute']);
    return isRefusal(status) ? status : status === 'mute';
  },
  fromSocket: (data) => (isObject(data) ? data.mute_status : data),
  allowed: needsMedia,
  apply: ({ leg }, muted) => ({ effect: leg.setMuted(muted) }),
});
