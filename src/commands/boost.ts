// boostAudioSignal: louder or softer, for what the addressed leg hears.
import { readBoostDb } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { needsMedia } from './refusals.ts';

export const boost = defineCommand<number>({
  rest: 'boostAudioSignal',
  ws: 'boostAudioSignal',
  needs: 'audio',
  summary: 'Changes the gain of what the addressed leg hears, -20 to +20 dB.',
  schema: {
    oneOf: [
      { type: 'number', minimum: -20, maximum: 20 },
      { title: 'text such as `"-3 dB"`', type: 'string', pattern: '^\\s*[+-]?\\d+(\\.\\d+)?\\s*([dD][bB])?\\s*$' },
    ],
  },
  examples: [{ boostAudioSignal: 6 }, { boostAudioSignal: '-3 dB' }],
  read: readBoostDb,
  allowed: needsMedia,
  apply: ({ leg }, db) => ({ ...(leg.port && { effect: leg.port.setGain(db) }) }),
});
