// noise_isolation_status: the voice of the addressed leg without the noise around it, for everybody who listens.
import { isObject, isRefusal } from '../base/index.ts';
import { type IsolationWish, isolate, isolationRefusal, readIsolation } from '../calls/index.ts';
import { defineCommand } from './define.ts';
import { needsMedia, oneOf } from './refusals.ts';

export const noiseIsolation = defineCommand<IsolationWish>({
  rest: 'noise_isolation_status',
  ws: 'noiseIsolation:status',
  needs: 'audio',
  companions: ['noise_isolation_vendor', 'noise_isolation_level', 'noise_isolation_model'],
  summary:
    'Takes the noise around it off the voice of the addressed leg, for everybody who listens, or no longer. `rnnoise` is built in, and stands in for `krisp`; level 0 is none of it, 100 (default) all.',
  schema: { type: 'string', enum: ['enable', 'disable'] },
  companionSchemas: {
    noise_isolation_vendor: { type: 'string', minLength: 1 },
    noise_isolation_level: { type: 'number', minimum: 0, maximum: 100 },
    noise_isolation_model: { type: 'string' },
  },
  refuses: ['422 a vendor that is not installed'],
  examples: [
    { noise_isolation_status: 'enable' },
    { noise_isolation_status: 'enable', noise_isolation_vendor: 'rnnoise', noise_isolation_level: 80 },
    { noise_isolation_status: 'disable' },
  ],
  /** On the socket all stands in one object, with short names. */
  read(value, body) {
    const status = oneOf(isObject(value) ? value.noise_isolation_status : value, ['enable', 'disable']);
    if (isRefusal(status)) return status;
    const fields = isObject(value) ? value : body;
    const at = (part: string): unknown => fields[part] ?? fields[`noise_isolation_${part}`];
    return readIsolation(
      {
        enable: status === 'enable',
        vendor: at('vendor'),
        level: at('level'),
        model: at('model'),
        direction: at('direction'),
      },
      (part) => (isObject(value) ? part : `noise_isolation_${part}`),
    );
  },
  fromSocket: (data) => data,
  allowed: (target, wish) => needsMedia(target) ?? isolationRefusal(wish),
  apply: ({ leg }, wish) => ({ effect: isolate(leg, wish) }),
});
