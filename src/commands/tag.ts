// tag: replaces the customer data of every later payload. May stand beside any other field.
import { isObject } from '../base/index.ts';
import { defineCommand } from './define.ts';
import { badValue } from './refusals.ts';

export const tag = defineCommand<Record<string, unknown>>({
  rest: 'tag',
  ws: 'tag',
  needs: 'nothing',
  summary: 'Replaces the customer data that every later payload of the call carries. May stand beside any other field.',
  schema: { type: 'object', additionalProperties: true },
  examples: [{ tag: { order: 4711 } }],
  read: (value) => (isObject(value) ? value : badValue('must be an object')),
  /** The data itself, which may have a `tag` in it. */
  fromSocket: (data) => ({ tag: data }),
  allowed: () => undefined,
  apply({ call }, data) {
    call.facts.customerData = data;
    return { effect: Promise.resolve({ at: call.clock.now() }) };
  },
});
