// Calls: place, list, retrieve, update and forget them (rest-calls.md). What an update means is the commands' business.
import { isRefusal, type Refusal } from '../../base/index.ts';
import { updateSchema } from '../../commands/index.ts';
import { type Access, ownAccount } from '../access.ts';
import { type Answer, type ApiRequest, defineResource, noContent, ok, type Route } from '../define.ts';
import { bad, notFound } from '../problem.ts';
import { free, list, reply, type Schema, sid, text, whole } from '../schema.ts';
import type { CallFilter } from '../types.ts';

const call: Schema = {
  ...reply({
    call_sid: sid,
    account_sid: sid,
    application_sid: sid,
    parent_call_sid: sid,
    direction: { type: 'string', enum: ['inbound', 'outbound'] },
    from: text(256),
    to: text(256),
    call_id: text(256),
    call_status: {
      type: 'string',
      enum: ['trying', 'ringing', 'early-media', 'in-progress', 'completed', 'failed', 'busy', 'no-answer', 'queued'],
    },
    sip_status: whole(100, 699),
    sip_reason: text(256),
    duration: { ...whole(0, Number.MAX_SAFE_INTEGER), description: 'Seconds; completed calls' },
    call_termination_by: { type: 'string', enum: ['caller', 'jambonz'] },
  }),
  additionalProperties: true,
};

const hookText: Schema = { description: 'An absolute URL, or {url, method, username, password}' };

const newCall: Schema = {
  ...free,
  properties: {
    from: { type: 'string', description: 'Caller id' },
    to: { description: '{type: "sip", sipUri} or {type: "phone", number}, with headers, auth and proxy' },
    application_sid: { description: 'The application that answers; else call_hook' },
    call_hook: hookText,
    call_status_hook: hookText,
    timeout: { description: 'Seconds of ringing (60)' },
    timeLimit: { description: 'Seconds after the answer' },
    headers: { description: 'Extra headers of the INVITE' },
    tag: { description: 'customerData of the call' },
    amd: {
      description:
        'Answering-machine detection on the answer: {actionHook, thresholdWordCount, digitCount, timers, recognizer}',
    },
  },
};

const applied: Schema = reply({
  applied_ms: { type: 'number', description: 'With `wait`: from the request to the first packet that differs' },
});

const farAnswer: Schema = reply({
  status: whole(100, 699),
  reason: text(256),
  content_type: text(256),
  body: text(65_536),
  headers: { ...free, description: 'X-, P-, Warning and Retry-After' },
});

/** The contract keeps service providers from placing calls: an account pays for them. */
const placesCalls: Access = async (request) =>
  request.caller.scope === 'service_provider'
    ? bad(`unauthorized createCall request for account ${request.params.account_sid}`)
    : ownAccount(request);

const one = '/Accounts/:account_sid/Calls/:call_sid';

async function updateCall({ params, query, body, ports }: ApiRequest): Promise<Answer | Refusal> {
  const { account_sid = '', call_sid = '' } = params;
  const outcome = await ports.calls.update(account_sid, call_sid, body, { wait: query.wait === true });
  if (isRefusal(outcome)) return outcome;
  return outcome.body === undefined ? { status: 202, text: 'Accepted' } : ok(outcome.body);
}

const updateRoute = (method: 'PUT' | 'POST', summary: string): Route => ({
  method,
  path: one,
  summary,
  access: ownAccount,
  query: { wait: { type: 'boolean', description: 'Answer 200 when the effect has reached the wire' } },
  // Its commands check it.
  body: free,
  documents: {
    body: updateSchema(),
    answers: {
      200: { description: "With `wait`, or the far end's answer to sip_request", oneOf: [applied, farAnswer] },
    },
  },
  reply: { status: 202, text: 'Accepted' },
  handle: updateCall,
});

export const calls = defineResource({
  name: 'Calls',
  routes: [
    {
      method: 'POST',
      path: '/Accounts/:account_sid/Calls',
      summary: 'Place a call',
      access: placesCalls,
      body: newCall,
      reply: { status: 201, schema: reply({ sid, callId: text(256) }) },
      async handle({ params, body, ports }) {
        const placed = await ports.calls.create(params.account_sid!, body);
        return isRefusal(placed) ? placed : { status: 201, body: { sid: placed.sid, callId: placed.callId } };
      },
    },
    {
      method: 'GET',
      path: '/Accounts/:account_sid/Calls',
      summary: 'List calls: those alive and those that ended lately',
      access: ownAccount,
      query: { direction: text(32), from: text(256), to: text(256), callStatus: text(32) },
      reply: { status: 200, schema: list(call) },
      handle: async ({ params, query, ports }) => ok(await ports.calls.list(params.account_sid!, filterOf(query))),
    },
    {
      method: 'GET',
      path: one,
      summary: 'Retrieve a call',
      access: ownAccount,
      reply: { status: 200, schema: call },
      async handle({ params, ports }) {
        const found = await ports.calls.get(params.account_sid!, params.call_sid!);
        return found ? ok(found) : notFound();
      },
    },
    updateRoute('PUT', 'Change a live call'),
    updateRoute('POST', 'Change a live call (as PUT, for old clients)'),
    {
      method: 'DELETE',
      path: one,
      summary: 'Forget a call; it goes on if it lives (to end it, update call_status)',
      access: ownAccount,
      reply: { status: 204 },
      handle: async ({ params, ports }) =>
        (await ports.calls.remove(params.account_sid!, params.call_sid!)) ? noContent : notFound(),
    },
    {
      method: 'GET',
      path: '/Accounts/:account_sid/CallCount',
      summary: 'Count live calls',
      access: ownAccount,
      reply: { status: 200, schema: reply({ inbound: whole(0, 1_000_000), outbound: whole(0, 1_000_000) }) },
      handle: async ({ params, ports }) => ok(await ports.calls.count(params.account_sid!)),
    },
  ],
});

/** An empty value filters like any other: nothing equals it. */
function filterOf(query: ApiRequest['query']): CallFilter {
  const filter: CallFilter = {};
  for (const name of ['direction', 'from', 'to', 'callStatus'] as const)
    if (query[name] !== undefined) filter[name] = String(query[name]);
  return filter;
}
