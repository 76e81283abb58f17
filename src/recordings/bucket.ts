// A bucket that speaks S3: one object whole or in parts, read in ranges, removed. Every failure is a Fault that says what the bucket said.
import { type Clock, Fault, type HttpClient, type HttpResponse } from '../base/index.ts';
import type { BucketCredential } from '../store/index.ts';
import { answerBytes, askTimeoutMs, partTimeoutMs, readBytes } from './limits.ts';
import { encode, sign } from './sigv4.ts';

export interface BucketPorts {
  http: HttpClient;
  clock: Clock;
  signal: AbortSignal;
}

export interface Part {
  number: number;
  etag: string;
}

interface Ask {
  method: string;
  key: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array;
  maxBodyBytes?: number;
}

/** Codes of answers that pass by themselves, whatever their status. */
const passing = new Set(['RequestTimeout', 'SlowDown', 'InternalError', 'ServiceUnavailable', 'OperationAborted']);

export class Bucket {
  readonly #ports: BucketPorts;
  readonly #credential: BucketCredential;
  readonly #region: string;
  readonly #base: string;

  constructor(credential: BucketCredential, ports: BucketPorts) {
    this.#credential = credential;
    this.#ports = ports;
    this.#region = credential.region || 'us-east-1';
    this.#base = baseOf(credential, this.#region);
  }

  /** Where an upload was begun: it can go on only there. */
  get identity(): string {
    return this.#base;
  }

  async put(key: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<void> {
    await this.#ask({ method: 'PUT', key, body, headers });
  }

  /** Gives the upload's id. */
  async begin(key: string, headers: Record<string, string>): Promise<string> {
    const answer = textOf(await this.#ask({ method: 'POST', key, query: { uploads: '' }, headers }));
    return tagOf(answer, 'UploadId') ?? strange('it named no upload');
  }

  async putPart(key: string, uploadId: string, number: number, body: Uint8Array): Promise<Part> {
    const query = { partNumber: String(number), uploadId };
    const { headers } = await this.#ask({ method: 'PUT', key, query, body });
    return { number, etag: headers.etag ?? strange('it gave a part no ETag') };
  }

  async complete(key: string, uploadId: string, parts: readonly Part[]): Promise<void> {
    const rows = parts.map(
      ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
    );
    const body = Buffer.from(`<CompleteMultipartUpload>${rows.join('')}</CompleteMultipartUpload>`);
    const answer = await this.#ask({ method: 'POST', key, query: { uploadId }, body });
    // It may find out after it has begun to say 200.
    if (tagOf(textOf(answer), 'Code') !== undefined) throw refused(answer);
  }

  async abort(key: string, uploadId: string): Promise<void> {
    await this.#ask({ method: 'DELETE', key, query: { uploadId } });
  }

  /** Undefined when there is no such object. */
  async size(key: string): Promise<number | undefined> {
    const answer = await this.#ask({ method: 'GET', key, headers: { range: 'bytes=0-0' } }, [404, 416]);
    if (answer.status === 404) return undefined;
    const total = /\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1];
    return answer.status === 416 ? 0 : Number(total ?? strange('it gave no range'));
  }

  async read(key: string, at: number, length: number): Promise<Uint8Array> {
    const headers = { range: `bytes=${at}-${at + length - 1}` };
    return (await this.#ask({ method: 'GET', key, headers, maxBodyBytes: readBytes })).body;
  }

  async remove(key: string): Promise<void> {
    await this.#ask({ method: 'DELETE', key }, [404]);
  }

  async #ask(ask: Ask, fine: readonly number[] = []): Promise<HttpResponse> {
    const { method, key, query = {}, body = new Uint8Array(0), maxBodyBytes = answerBytes } = ask;
    const { http, clock, signal } = this.#ports;
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = this.#credential;
    const url = new URL(`${this.#base}/${key.split('/').map(encode).join('/')}`);
    // As it is signed: URLSearchParams would write a blank as +.
    url.search = Object.entries(query)
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .join('&');
    const unsigned = { method, url, body, headers: ask.headers ?? {} };
    const headers = sign(unsigned, { accessKeyId, secretAccessKey, region: this.#region }, clock.now());
    const answer = await http({
      method,
      url: url.href,
      headers,
      ...(method !== 'GET' && method !== 'DELETE' && { body }),
      timeoutMs: body.length > answerBytes ? partTimeoutMs : askTimeoutMs,
      maxBodyBytes,
      maxRedirects: 0,
      signal,
    });
    if (answer.status >= 300 && !fine.includes(answer.status)) throw refused(answer);
    return answer;
  }
}

/** AWS by the bucket's own host; others by a path below the endpoint, unless its host names the bucket already. */
function baseOf({ vendor, name, endpoint }: BucketCredential, region: string): string {
  if (vendor === 'aws_s3') return `https://${name}.s3.${region}.amazonaws.com`;
  const written = endpoint ?? '';
  const url = new URL(/^https?:\/\//i.test(written) ? written : `https://${written}`);
  const path = url.pathname.replace(/\/+$/, '');
  const named = url.hostname.startsWith(`${name}.`);
  return `${url.origin}${path}${named ? '' : `/${encode(name)}`}`;
}

function refused(answer: HttpResponse): Fault {
  const text = textOf(answer);
  const code = tagOf(text, 'Code');
  const why = tagOf(text, 'Message') ?? code ?? 'no reason given';
  const { status } = answer;
  const retryable = status >= 500 || status === 408 || status === 429 || (code !== undefined && passing.has(code));
  return new Fault('bucket-refused', `the bucket answered ${status}${code ? ` ${code}` : ''}: ${why}`, {
    retryable,
    detail: { status, code },
  });
}

const strange = (what: string): never => {
  throw new Fault('bucket-strange', `the bucket's answer is not S3's: ${what}`, { retryable: true });
};

const textOf = ({ body }: HttpResponse): string => Buffer.from(body).toString('utf8');

/** The text of the first element of that name. */
function tagOf(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found
    ?.replace(/&(lt|gt|quot|apos|#34|#39);/g, (_, entity: string) => entities[entity]!)
    .replaceAll('&amp;', '&');
}

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", '#34': '"', '#39': "'" };

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
