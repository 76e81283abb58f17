// Conferences that have begun, by name or with their members (rest-calls.md 6, live-call-control.md 6).
import { ownAccount } from '../access.ts';
import { defineResource, ok } from '../define.ts';
import { orNull, reply, type Schema, sid, text, whole } from '../schema.ts';

const expanded: Schema = reply({
  id: text(512),
  name: text(256),
  durationSec: whole(0, Number.MAX_SAFE_INTEGER),
  participants: {
    type: 'array',
    items: reply({ call_sid: sid, label: text(256), memberTag: orNull(text(256)), isAgent: { type: 'boolean' } }),
  },
});

export const conferences = defineResource({
  name: 'Conferences',
  routes: [
    {
      method: 'GET',
      path: '/Accounts/:account_sid/Conferences',
      summary: 'List conferences that have begun: their names, or with expand=participants who is in them',
      access: ownAccount,
      query: { expand: text(64, '"participants"') },
      reply: { status: 200, schema: { type: 'array', items: { oneOf: [text(256), expanded] } } },
      async handle({ params, query, ports }) {
        const found = await ports.calls.conferences(params.account_sid!);
        return ok(query.expand === 'participants' ? found : found.map(({ name }) => name));
      },
    },
  ],
});
