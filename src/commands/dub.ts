// dub: further audio tracks on the addressed leg, mixed with whatever it hears.
import { type DubInput, dubActions, readDub } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { needsMedia } from './refusals.ts';

export const dub = defineCommand<DubInput>({
  rest: 'dub',
  ws: 'dub',
  needs: 'audio',
  summary:
    'Adds an audio track to what the addressed leg hears, plays or says something on it, silences it, or removes it.',
  schema: {
    type: 'object',
    required: ['action', 'track'],
    properties: {
      action: { type: 'string', enum: [...dubActions] },
      track: { type: 'string', minLength: 1, maxLength: 128 },
      play: { type: 'string' },
      say: { oneOf: [{ type: 'string' }, { type: 'object', additionalProperties: true }] },
      loop: { type: 'boolean' },
      id: { type: 'string' },
      gain: { oneOf: [{ type: 'number', minimum: -60, maximum: 20 }, { type: 'string' }] },
    },
  },
  refuses: ['422 an unknown track, one that is there already, or an eleventh'],
  examples: [
    { dub: { action: 'addTrack', track: 'music', play: 'tone_stream://%(1000,0,440)', loop: true, gain: -10 } },
    { dub: { action: 'addTrack', track: 'coach', say: 'Ask about the budget.' } },
    { dub: { action: 'sayOnTrack', track: 'coach', say: { text: 'And about the date.' }, gain: '-3 dB' } },
    { dub: { action: 'playOnTrack', track: 'music', play: 'tone_stream://%(500,0,550)' } },
    { dub: { action: 'silenceTrack', track: 'music' } },
    { dub: { action: 'removeTrack', track: 'music' } },
  ],
  read: readDub,
  allowed: (target, input) => needsMedia(target) ?? target.call.dub.allowed(input),
  apply: ({ call, session }, input) => ({ effect: call.dub.apply(input, session) }),
});
