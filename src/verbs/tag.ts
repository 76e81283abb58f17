// tag: replaces the customer data that every later payload carries.
import { defineVerb } from './define.ts';

export const tag = defineVerb<{ data: Record<string, unknown> }>({
  name: 'tag',
  example: { data: { a: 1 } },
  needs: 'none',
  run: async ({ data }, { call }) => {
    call.facts.customerData = data;
  },
});
