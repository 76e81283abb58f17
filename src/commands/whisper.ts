// whisper: say or play to the addressed leg only, over whatever it hears; a running prompt pauses and goes on.
import { isObject, isRefusal, refuse } from '../base/index.ts';
import { defineCommand } from './define.ts';
import { badValue, needsMedia } from './refusals.ts';

const speakers = new Set(['say', 'play']);

export const whisper = defineCommand<unknown[]>({
  rest: 'whisper',
  ws: 'whisper',
  needs: 'audio',
  summary:
    'Says or plays something to the addressed leg only; a running prompt pauses and goes on. May stand beside another field.',
  schema: {
    oneOf: [
      { type: 'object', additionalProperties: true },
      { type: 'array', items: { type: 'object', additionalProperties: true }, minItems: 1, maxItems: 10 },
    ],
  },
  examples: [
    { whisper: { verb: 'say', text: 'The caller is waiting.' } },
    { whisper: [{ verb: 'play', url: 'tone_stream://%(200,0,440)' }] },
  ],
  read(value) {
    const list = Array.isArray(value) ? value : [value];
    if (list.length === 0 || list.length > 10) return badValue('must be one to ten verbs');
    const bad = list.findIndex((item) => !isObject(item) || !speakers.has(String(item.verb ?? Object.keys(item)[0])));
    return bad < 0 ? list : badValue('must be a say or play verb', Array.isArray(value) ? `[${bad}]` : undefined);
  },
  fromSocket: (data) => (isObject(data) && 'whisper' in data ? data.whisper : data),
  allowed(target, verbs) {
    const steps = target.call.world.parse(verbs);
    if (isRefusal(steps)) return { ...steps, http: 400 };
    if (target.call.whispers.full) return refuse('whispers-full', 'too many whispers wait for this leg already');
    return needsMedia(target);
  },
  apply({ call }, verbs) {
    const steps = call.world.parse(verbs);
    return isRefusal(steps) ? {} : { effect: call.whispers.speak(steps) };
  },
});
