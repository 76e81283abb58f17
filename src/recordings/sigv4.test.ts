// Signatures: the four worked examples of Amazon's documentation of Signature Version 4 for S3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sign } from './sigv4.ts';

const key = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};
const at = Date.UTC(2013, 4, 24);
const origin = 'https://examplebucket.s3.amazonaws.com';
const nothing = new Uint8Array(0);

const signatureOf = (method: string, path: string, headers: Record<string, string> = {}, body = nothing): string => {
  const { authorization = '' } = sign({ method, url: new URL(origin + path), headers, body }, key, at);
  return authorization.slice(authorization.lastIndexOf('=') + 1);
};

test('GET of a range', () =>
  assert.equal(
    signatureOf('GET', '/test.txt', { range: 'bytes=0-9' }),
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ));

test('PUT with a name that is encoded, and a body', () =>
  assert.equal(
    signatureOf(
      'PUT',
      '/test$file.text',
      { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      Buffer.from('Welcome to Amazon S3.'),
    ),
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ));

test('a query argument without a value', () =>
  assert.equal(signatureOf('GET', '/?lifecycle'), 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'));

test('query arguments in order', () =>
  assert.equal(
    signatureOf('GET', '/?prefix=J&max-keys=2'),
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ));
