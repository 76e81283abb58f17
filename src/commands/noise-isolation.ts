// noise_isolation_status: the voice of the addressed leg without the noise around it, for everybody who listens.
import { isObject, isRefusal } from '../base/index.ts';
import { type IsolationWish, isolate, isolationRefusal, readIsolation } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { needsMedia, oneOf } from './refusals.ts';

export const noiseIsolation = defineCommand<IsolationWish>({
  rest: 'noise_isolation_status',
  ws: 'noiseIsolation:status',
  needs: 'audio',
  companions: ['noise_isolation_vendor', 'noise_isolation_level', 'noise_isolation_model', 'noise_isolation_direction'],
  summary:
    'Takes the noise around it off the voice of the addressed leg, for everybody who listens, or no longer. `rnnoise` is built in, and stands in for `krisp`; level 0 is none of it, 100 (default) all.',
  schema: { type: 'string', enum: ['enable', 'disable'] },
  companionSchemas: {
    noise_isolation_vendor: { type: 'string', minLength: 1 },
    noise_isolation_level: { type: 'number', minimum: 0, maximum: 100 },
    noise_isolation_model: { type: 'string' },
    noise_isolation_direction: {
      type: 'string',
      enum: ['read', 'write'],
      description: 'what the far end says (default), or what it hears',
    },
  },
  refuses: ['422 a vendor that is not installed'],
  examples: [
    { noise_isolation_status: 'enable' },
    { noise_isolation_status: 'enable', noise_isolation_vendor: 'rnnoise', noise_isolation_level: 80 },
    { noise_isolation_status: 'disable' },
  ],
  read(value, body) {
    const status = oneOf(value, ['enable', 'disable']);
    if (isRefusal(status)) return status;
    const of = (part: string): unknown => body[`noise_isolation_${part}`];
    return readIsolation(
      {
        enable: status === 'enable',
        vendor: of('vendor'),
        level: of('level'),
        model: of('model'),
        direction: of('direction'),
      },
      (part) => `noise_isolation_${part}`,
    );
  },
  /** There all stands in one object, with short names or these. */
  fromSocket(data) {
    if (!isObject(data)) return undefined;
    const short = new Set(['vendor', 'level', 'model', 'direction']);
    return Object.fromEntries(
      Object.entries(data).map(([name, value]) => [short.has(name) ? `noise_isolation_${name}` : name, value]),
    );
  },
  allowed: (target, wish) => needsMedia(target) ?? isolationRefusal(wish),
  apply: ({ leg }, wish) => ({ effect: isolate(leg, wish) }),
});
