// Queues: those in which somebody waits (rest-calls.md 6).
import { ownAccount } from '../access.ts';
import { defineResource, ok } from '../define.ts';
import { glob } from '../glob.ts';
import { list, reply, text, whole } from '../schema.ts';

export const queues = defineResource({
  name: 'Queues',
  routes: [
    {
      method: 'GET',
      path: '/Accounts/:account_sid/Queues',
      summary: 'List queues in which somebody waits',
      access: ownAccount,
      query: { search: text(256, 'A name; * stands for any text, ? for one character') },
      reply: { status: 200, schema: list(reply({ name: text(256), length: whole(1, 1_000_000) })) },
      async handle({ params, query, ports }) {
        const found = await ports.calls.queues(params.account_sid!);
        const { search } = query;
        return ok(search ? found.filter(glob(String(search))) : found);
      },
    },
  ],
});
