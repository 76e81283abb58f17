// AWS Signature Version 4 for S3: the Authorization header of one request (AWS General Reference, "Signing AWS API requests").
import { createHash, createHmac } from 'node:crypto';

export interface SigningKey {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

export interface Unsigned {
  method: string;
  url: URL;
  /** Lower-case names; `host` is added. */
  headers: Record<string, string>;
  body: Uint8Array;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** The headers to send: those given, with date, hash of the body and signature. */
export function sign(request: Unsigned, key: SigningKey, now: number): Record<string, string> {
  const time = `${new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const day = time.slice(0, 8);
  const hash = sha256(request.body);
  const headers = { ...request.headers, 'x-amz-content-sha256': hash, 'x-amz-date': time };
  const signed: Record<string, string> = { ...headers, host: request.url.host };
  const names = Object.keys(signed).sort();
  const canonical = [
    request.method,
    request.url.pathname.split('/').map(encodeOnce).join('/'),
    canonicalQuery(request.url.searchParams),
    ...names.map((name) => `${name}:${signed[name]!.trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    hash,
  ].join('\n');
  const scope = `${day}/${key.region}/s3/aws4_request`;
  const text = [algorithm, time, scope, sha256(canonical)].join('\n');
  const signature = hmac(signingKey(key, day), text).toString('hex');
  const authorization = `${algorithm} Credential=${key.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

function signingKey({ secretAccessKey, region }: SigningKey, day: string): Buffer {
  return [day, region, 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** RFC 3986, with everything but the unreserved characters encoded: stricter than encodeURIComponent. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const encodeOnce = (segment: string): string => encode(decodeURIComponent(segment));

function canonicalQuery(params: URLSearchParams): string {
  return [...params]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}
