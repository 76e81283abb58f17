// Recordings: listened to, removed; and a bucket tried before it is used (rest-platform.md 8.2, 11.1).
import { isRefusal, type Refusal } from '../../base/index.ts';
import { ownAccount } from '../access.ts';
import { bucketSchema, readBucket } from '../bucket.ts';
import { type Answer, type ApiRequest, defineResource, noContent, ok } from '../define.ts';
import { notFound } from '../problem.ts';
import { reply, type Schema, text, whole } from '../schema.ts';
import type { RecordingNamed } from '../types.ts';

const path = '/Accounts/:account_sid/RecentCalls/:call_sid/record/:year/:month/:day/:format';
const query = { number: { ...whole(1, 1000), description: "2 for a call's second recording" } } satisfies Record<
  string,
  Schema
>;

/** Undefined when nothing can be found there. */
function named({ params, query: { number } }: ApiRequest): RecordingNamed | undefined {
  const { account_sid, call_sid, year, month, day, format } = params;
  const date = `${year}/${month}/${day}`;
  if (!/^\d{4}\/\d{2}\/\d{2}$/.test(date) || (format !== 'wav' && format !== 'mp3')) return undefined;
  return { accountSid: account_sid!, callSid: call_sid!, day: date, format, number: Number(number ?? 1) };
}

async function listen(request: ApiRequest): Promise<Answer | Refusal> {
  const name = named(request);
  const audio = name && (await request.ports.recordings?.open(name));
  return audio
    ? { status: 200, audio: { ...audio, type: name.format === 'wav' ? 'audio/wav' : 'audio/mpeg' } }
    : notFound();
}

async function remove(request: ApiRequest): Promise<Answer | Refusal> {
  const name = named(request);
  return name && (await request.ports.recordings?.remove(name)) ? noContent : notFound();
}

/** Always 200: the answer says how it went. */
async function test({ params, body, ports }: ApiRequest): Promise<Answer | Refusal> {
  const account = await ports.records.accounts.get(params.account_sid!);
  if (!account) return notFound();
  const failed = (reason: string): Answer => ok({ status: 'failed', reason });
  const credential = readBucket(body, account.bucket_credential);
  if (isRefusal(credential)) return failed(credential.reason);
  if (!credential || !ports.recordings) return failed('there is nothing to test');
  const refusal = await ports.recordings.probe(credential);
  return refusal ? failed(refusal.reason) : ok({ status: 'ok' });
}

export const recordings = defineResource({
  name: 'Recordings',
  routes: [
    {
      method: 'GET',
      path,
      summary: 'Listen to a recording: what the far end said is left, what it heard right',
      access: ownAccount,
      query,
      reply: { status: 200, audio: true },
      handle: listen,
    },
    {
      method: 'DELETE',
      path,
      summary: 'Remove a recording',
      access: ownAccount,
      query,
      reply: { status: 204 },
      handle: remove,
    },
    {
      method: 'POST',
      path: '/Accounts/:account_sid/BucketCredentialTest',
      summary: 'Try a bucket: a small object is written and removed',
      access: ownAccount,
      body: { ...bucketSchema, type: 'object' },
      reply: { status: 200, schema: reply({ status: { type: 'string', enum: ['ok', 'failed'] }, reason: text(1024) }) },
      handle: test,
    },
  ],
});
