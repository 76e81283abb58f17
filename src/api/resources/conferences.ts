// Conferences that have begun, by name or with their members (rest-calls.md 6, live-call-control.md 6).
import { ownAccount } from '../access.ts';
import { defineResource, noContent, ok } from '../define.ts';
import { bad, notFound } from '../problem.ts';
import { free, object, orNull, reply, type Schema, sid, text, whole } from '../schema.ts';

const expanded: Schema = reply({
  id: text(512),
  name: text(256),
  durationSec: whole(0, Number.MAX_SAFE_INTEGER),
  participants: {
    type: 'array',
    items: reply({ call_sid: sid, label: text(256), memberTag: orNull(text(256)), isAgent: { type: 'boolean' } }),
  },
});

const rates = [8_000, 16_000, 24_000, 32_000, 48_000, 64_000];
const listenPath = '/Accounts/:account_sid/Conferences/:conference/listen';

interface ListenBody {
  url: string;
  sampleRate?: number;
  metadata?: Record<string, unknown>;
}

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
    {
      method: 'POST',
      path: listenPath,
      summary:
        'Stream what is heard in a conference to a WebSocket server (L16); again: it goes on, to another url: it moves',
      access: ownAccount,
      body: object({ url: text(1024), sampleRate: { type: 'integer', enum: rates }, metadata: free }, ['url']),
      reply: { status: 202, text: 'Accepted' },
      async handle({ params, body, ports }) {
        const { url, sampleRate = 8_000, metadata = {} } = body as unknown as ListenBody;
        if (!/^wss?:\/\//i.test(url) || !URL.canParse(url)) return bad('url must be a ws:// or wss:// address', 'url');
        const { account_sid = '', conference = '' } = params;
        const listens = await ports.calls.listen(account_sid, conference, { url, sampleRate, metadata });
        return listens ? { status: 202, text: 'Accepted' } : notFound();
      },
    },
    {
      method: 'DELETE',
      path: listenPath,
      summary: 'End that stream',
      access: ownAccount,
      reply: { status: 204 },
      handle: async ({ params, ports }) =>
        (await ports.calls.unlisten(params.account_sid!, params.conference!)) ? noContent : notFound(),
    },
  ],
});
