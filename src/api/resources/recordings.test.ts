// Recordings and buckets over PostgreSQL: secrets stay inside, strangers hear nothing, and what a bucket must have is said by name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestApi, testApi } from '../../../test/kit/api.ts';
import { sid } from '../../../test/kit/records.ts';
import { refuse } from '../../base/index.ts';
import type { BucketCredential } from '../../store/index.ts';
import type { RecordingNamed } from '../types.ts';

let t: TestApi;
const kept = new Map<string, Uint8Array>();
const probed: BucketCredential[] = [];
const keyOf = ({ accountSid, callSid, day, format, number }: RecordingNamed): string =>
  `${accountSid} ${callSid} ${day} ${format} ${number}`;
before(async () => {
  t = await testApi({
    recordings: {
      async open(name) {
        const bytes = kept.get(keyOf(name));
        if (!bytes) return undefined;
        return {
          bytes: bytes.length,
          async *read() {
            yield bytes.subarray(0, 3);
            yield bytes.subarray(3);
          },
        };
      },
      remove: async (name) => kept.delete(keyOf(name)),
      async probe(credential) {
        probed.push(credential);
        return credential.name === 'away' ? refuse('bucket-failed', 'the bucket answered 404 NoSuchBucket') : undefined;
      },
    },
  });
});
after(() => t.close());

const secret = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY';
const aws = {
  vendor: 'aws_s3',
  name: 'calls-of-acme',
  region: 'eu-north-1',
  access_key_id: 'AKIAEXAMPLE',
  secret_access_key: secret,
  tags: [{ Key: 'team', Value: 'support' }],
};
const own = () => `Accounts/${t.one.account_sid}`;
const put = (bucket_credential: unknown) =>
  t.request('PUT', own(), { key: t.one.accountKey, body: { bucket_credential } });
const stored = async () => (await t.ports.records.accounts.get(t.one.account_sid))?.bucket_credential;

test('a bucket is kept whole and shown without its secret, in lists too', async () => {
  assert.equal((await put(aws)).status, 204);
  assert.deepEqual(await stored(), aws);
  const shown = { ...aws, secret_access_key: `${secret.slice(0, 6)}${'X'.repeat(secret.length - 6)}` };
  const one = await t.request('GET', own(), { key: t.one.accountKey });
  assert.deepEqual(one.json.bucket_credential, shown);
  const answers = [
    await t.request('GET', 'Accounts', { key: t.adminKey }),
    await t.request('GET', `ServiceProviders/${t.one.service_provider_sid}/Accounts`, { key: t.one.spKey }),
  ];
  for (const { text } of [one, ...answers]) assert.ok(!text.includes(secret), 'the secret');
  // What a portal does: all of it comes back, the secret as it was shown.
  assert.equal((await put({ ...shown, name: 'other-bucket' })).status, 204);
  assert.deepEqual(await stored(), { ...aws, name: 'other-bucket' });
  assert.equal((await put({ vendor: 'none' })).status, 204);
  assert.equal(await stored(), null);
  const lost = await put(shown);
  assert.deepEqual([lost.status, lost.json.path], [400, 'bucket_credential.secret_access_key']);
});

test('what a bucket must have is said by name', async () => {
  const compatible = { ...aws, vendor: 's3_compatible', endpoint: 'https://minio.example:9000' };
  for (const [bucket, path, reason] of [
    [{ ...aws, region: undefined }, 'region', /missing field region/],
    [{ ...aws, access_key_id: '' }, 'access_key_id', /missing field/],
    [{ ...compatible, endpoint: undefined }, 'endpoint', /missing field endpoint/],
    [{ ...compatible, endpoint: 'minio example' }, 'endpoint', /host name or/],
    [{ ...aws, name: '../other' }, 'name', /name of a bucket/],
    [{ ...aws, region: 'eu/north' }, 'region', /such as/],
    [{ vendor: 'google', name: 'x', service_key: '{}' }, 'vendor', /storage.googleapis.com/],
    [{ vendor: 'azure', name: 'x', connection_string: 'y' }, 'vendor', /not in this version/],
    [{ ...aws, vendor: 'dropbox' }, 'vendor', /unknown storage vendor/],
    [{}, 'vendor', /missing field vendor/],
    ['a bucket', undefined, /object/],
  ] as const) {
    const { status, json } = await put(bucket);
    assert.deepEqual(
      [status, json.path],
      [400, path === undefined ? 'bucket_credential' : `bucket_credential.${path}`],
      JSON.stringify(bucket),
    );
    assert.match(json.msg, reason);
  }
  assert.equal((await put({ ...compatible, region: undefined })).status, 204);
  assert.equal((await put({ ...compatible, endpoint: 'minio.example:9000' })).status, 204);
});

test('a bucket is tried: always 200, with how it went', async () => {
  await put(aws);
  const tried = (body: object, key = t.one.accountKey) =>
    t.request('POST', `${own()}/BucketCredentialTest`, { key, body });
  assert.deepEqual((await tried(aws)).json, { status: 'ok' });
  await tried({ ...aws, secret_access_key: `${secret.slice(0, 6)}XXXXXXXX` });
  assert.equal(probed.at(-1)?.secret_access_key, secret, 'the one that is kept');
  const away = await tried({ ...aws, name: 'away' });
  assert.deepEqual(away.json, { status: 'failed', reason: 'the bucket answered 404 NoSuchBucket' });
  for (const vendor of ['azure', 'dropbox']) {
    const lacking = await tried({ vendor });
    assert.deepEqual([lacking.status, lacking.json.status], [200, 'failed'], vendor);
  }
  assert.equal((await tried(aws, t.two.accountKey)).status, 403);
});

test('a recording is heard and removed by its account, and by nobody else', async () => {
  const callSid = sid();
  const name = { accountSid: t.one.account_sid, callSid, day: '2026/03/01', format: 'wav', number: 1 } as const;
  kept.set(keyOf(name), Buffer.from('RIFF and so on'));
  kept.set(keyOf({ ...name, number: 2 }), Buffer.from('the second'));
  const path = `${own()}/RecentCalls/${callSid}/record/2026/03/01/wav`;
  const heard = await t.request('GET', path, { key: t.one.accountKey });
  assert.deepEqual([heard.status, heard.headers['content-type'], heard.text], [200, 'audio/wav', 'RIFF and so on']);
  assert.equal(heard.headers['content-length'], '14');
  assert.equal((await t.request('GET', `${path}?number=2`, { key: t.one.accountKey })).text, 'the second');
  for (const [where, key, status] of [
    [path, t.one.siblingKey, 403],
    [path, t.two.spKey, 403],
    [path.replace('/03/', '/3/'), t.one.accountKey, 404],
    [path.replace(/wav$/, 'ogg'), t.one.accountKey, 404],
    [path.replace(/wav$/, 'mp3'), t.one.accountKey, 404],
    [path.replace(callSid, '..'), t.one.accountKey, 404],
    [`${path}?number=0`, t.one.accountKey, 400],
  ] as const)
    assert.equal((await t.request('GET', where, { key })).status, status, where);
  assert.equal((await t.request('DELETE', path, { key: t.two.accountKey })).status, 403);
  assert.equal((await t.request('DELETE', path, { key: t.one.spKey })).status, 204);
  assert.equal((await t.request('GET', path, { key: t.one.accountKey })).status, 404);
  assert.equal((await t.request('DELETE', path, { key: t.one.accountKey })).status, 404);
});
