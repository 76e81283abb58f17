// A bucket for tests that speaks S3: it checks signatures by itself, keeps objects and uploads, and fails when a test says so.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface S3Request {
  method: string;
  /** As it came: path and query. */
  target: string;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  body: Uint8Array;
}

export interface S3Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

interface Kept {
  body: Buffer;
  headers: S3Request['headers'];
}

interface Upload extends Pick<Kept, 'headers'> {
  key: string;
  parts: Map<number, Buffer>;
}

const leastPartBytes = 5 * 1024 * 1024;

export class FakeS3 {
  readonly bucket = 'recordings-of-acme';
  readonly accessKeyId = 'AKIDTEST';
  readonly secret = 'a/secret+key/of/the/test';
  readonly region = 'eu-north-1';
  readonly objects = new Map<string, Kept>();
  readonly uploads = new Map<string, Upload>();
  /** Every request that was let in: `PUT key?query`. */
  readonly log: string[] = [];
  /** Says what to answer instead, or leaves it to the bucket. */
  instead: (request: S3Request) => S3Answer | undefined = () => undefined;
  #uploads = 0;

  credential(endpoint: string) {
    return {
      vendor: 's3_compatible' as const,
      name: this.bucket,
      endpoint,
      region: this.region,
      access_key_id: this.accessKeyId,
      secret_access_key: this.secret,
    };
  }

  handle(request: S3Request): S3Answer {
    const wrong = this.#wrong(request);
    if (wrong) return problem(403, wrong);
    const instead = this.instead(request);
    if (instead) return instead;
    const [path = '', search = ''] = request.target.split('?');
    const [, bucket, ...rest] = path.split('/');
    if (bucket !== this.bucket) return problem(404, 'NoSuchBucket');
    const key = decodeURIComponent(rest.join('/'));
    this.log.push(`${request.method} ${key}${search && `?${search}`}`);
    return this.#act(request, key, new URLSearchParams(search));
  }

  #act({ method, headers, body }: S3Request, key: string, query: URLSearchParams): S3Answer {
    const uploadId = query.get('uploadId');
    const upload = uploadId === null ? undefined : this.uploads.get(uploadId);
    if (uploadId !== null && !upload) return problem(404, 'NoSuchUpload');
    if (method === 'POST' && query.has('uploads')) {
      const id = `upload-${++this.#uploads}+/=`;
      this.uploads.set(id, { key, headers, parts: new Map() });
      return {
        status: 200,
        body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      };
    }
    if (method === 'PUT' && upload) {
      upload.parts.set(Number(query.get('partNumber')), Buffer.from(body));
      return { status: 200, headers: { etag: etagOf(body) } };
    }
    if (method === 'POST' && upload) return this.#complete(uploadId!, upload, Buffer.from(body).toString());
    if (method === 'PUT') {
      this.objects.set(key, { body: Buffer.from(body), headers });
      return { status: 200, headers: { etag: etagOf(body) } };
    }
    const kept = this.objects.get(key);
    if (!kept) return problem(404, 'NoSuchKey');
    if (method === 'DELETE') {
      this.objects.delete(key);
      return { status: 204 };
    }
    const [, from = 0, to = 0] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')?.map(Number) ?? [];
    const part = kept.body.subarray(from, to + 1);
    const range = `bytes ${from}-${from + part.length - 1}/${kept.body.length}`;
    return { status: 206, headers: { 'content-range': range }, body: part };
  }

  #complete(id: string, upload: Upload, xml: string): S3Answer {
    const named = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)];
    const parts = named.map(([, number]) => upload.parts.get(Number(number)));
    const whole = named.every(([, , etag], i) => parts[i] && etag?.replaceAll('&quot;', '"') === etagOf(parts[i]));
    if (!whole || named.length === 0) return problem(400, 'InvalidPart');
    if (parts.slice(0, -1).some((part) => part!.length < leastPartBytes)) return problem(400, 'EntityTooSmall');
    this.objects.set(upload.key, { body: Buffer.concat(parts as Buffer[]), headers: upload.headers });
    this.uploads.delete(id);
    return { status: 200, body: '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>' };
  }

  /** By the request as it came, as the bucket's side computes it. */
  #wrong({ method, target, headers, body }: S3Request): string | undefined {
    const found =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
        headers.authorization ?? '',
      );
    if (!found) return 'AccessDenied';
    const [, id, day, region, signed = '', signature] = found;
    if (id !== this.accessKeyId) return 'InvalidAccessKeyId';
    const time = headers['x-amz-date'] ?? '';
    if (region !== this.region || !time.startsWith(day!)) return 'AuthorizationHeaderMalformed';
    const names = signed.split(';');
    const mustBeSigned = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
    if (mustBeSigned.some((name) => !names.includes(name))) return 'AccessDenied';
    const hash = createHash('sha256').update(body).digest('hex');
    if (headers['x-amz-content-sha256'] !== hash) return 'XAmzContentSHA256Mismatch';
    const [path = '', search = ''] = target.split('?');
    const query = search === '' ? '' : search.split('&').sort().join('&');
    const lines = names.map((name) => `${name}:${headers[name]?.trim()}\n`).join('');
    const canonical = `${method}\n${path}\n${query}\n${lines}\n${signed}\n${hash}`;
    const scope = `${day}/${region}/s3/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
    let secret: string | Buffer = `AWS4${this.secret}`;
    for (const word of [day!, region!, 's3', 'aws4_request'])
      secret = createHmac('sha256', secret).update(word).digest();
    return createHmac('sha256', secret).update(text).digest('hex') === signature ? undefined : 'SignatureDoesNotMatch';
  }
}

const etagOf = (body: Uint8Array): string => `"${createHash('md5').update(body).digest('hex')}"`;

export const problem = (status: number, code: string): S3Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>This is ${code} &amp; no more</Message></Error>`,
});

/** The same behind a real server on loopback. `before` holds requests up. */
export async function serveS3(
  s3: FakeS3,
  before: (request: S3Request) => Promise<void> = async () => {},
): Promise<{ endpoint: string; server: Server; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      const { method = '', url = '' } = request;
      const asked = { method, target: url, headers, body: Buffer.concat(chunks) };
      void before(asked).then(() => {
        if (request.socket.destroyed) return;
        const answer = s3.handle(asked);
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
