// An account's bucket as it is written, kept and shown (rest-platform.md 8.2). Its secret goes in and never comes out whole.
import { isObject, isRefusal, type Refusal } from '../base/index.ts';
import type { BucketCredential } from '../store/index.ts';
import { obscured } from './obscure.ts';
import { bad, missing } from './problem.ts';
import { orNull, type Schema, text } from './schema.ts';

const fields = {
  vendor: text(64, 'aws_s3, s3_compatible; none clears it'),
  name: text(255, 'Of the bucket'),
  region: orNull(text(64)),
  endpoint: orNull(text(1024, 'Of s3_compatible')),
  access_key_id: text(255),
  secret_access_key: text(1024, 'Comes back obscured'),
  service_key: { description: 'Of google' },
  connection_string: { description: 'Of azure' },
  tags: orNull({
    type: 'array',
    maxItems: 10,
    items: {
      type: 'object',
      required: ['Key', 'Value'],
      properties: { Key: { type: 'string', minLength: 1, maxLength: 128 }, Value: text(256) },
    },
  }),
} satisfies Record<string, Schema>;

/** As a body has it. What is missing for its vendor is checked by `readBucket`. */
export const bucketSchema: Schema = orNull({ type: 'object', properties: fields, additionalProperties: true });

const needed = {
  aws_s3: ['name', 'region', 'access_key_id', 'secret_access_key'],
  s3_compatible: ['name', 'endpoint', 'access_key_id', 'secret_access_key'],
} as const;

/** Vendors of the contract that are not here, and what to do instead. */
const elsewhere: Record<string, string> = {
  google:
    '; Google Cloud Storage can be used as s3_compatible, with endpoint https://storage.googleapis.com and an HMAC key',
  azure: '; there are aws_s3 and s3_compatible',
};

/** What a body means: null clears it. A secret that comes back obscured is unchanged. Paths are relative. */
export function readBucket(value: unknown, kept: BucketCredential | null): BucketCredential | null | Refusal {
  if (value === null) return null;
  if (!isObject(value)) return bad('must be an object', '');
  const { vendor } = value;
  if (vendor === 'none') return null;
  if (vendor === undefined) return missing('vendor');
  if (typeof vendor === 'string' && vendor in elsewhere)
    return bad(`vendor ${vendor} is not in this version of Crosspoint${elsewhere[vendor]}`, 'vendor');
  if (vendor !== 'aws_s3' && vendor !== 's3_compatible') return bad('unknown storage vendor', 'vendor');
  const given = Object.fromEntries(
    Object.entries(value).filter(([name, part]) => name in fields && part !== null && part !== ''),
  );
  const lacking = needed[vendor].find((name) => typeof given[name] !== 'string');
  if (lacking) return missing(lacking);
  const credential = given as unknown as BucketCredential;
  const secret = secretOf(credential.secret_access_key, kept);
  if (isRefusal(secret)) return secret;
  if (credential.endpoint !== undefined && !isEndpoint(credential.endpoint))
    return bad('endpoint must be a host name or an http(s) URL', 'endpoint');
  if (!/^[a-z0-9][a-z0-9._-]{1,254}$/i.test(credential.name)) return bad('name must be the name of a bucket', 'name');
  if (credential.region !== undefined && !/^[a-z0-9-]+$/i.test(credential.region))
    return bad('region must be one such as eu-central-1', 'region');
  return { ...credential, secret_access_key: secret };
}

export const showBucket = (credential: BucketCredential | null): object | null =>
  credential && { ...credential, secret_access_key: obscured(credential.secret_access_key) };

/** Shown secrets end in X: rest-platform.md 2.4, round-trip rule. */
const looksObscured = (secret: string): boolean => /^(?:.{4,6}X+|X+)$/.test(secret);

function secretOf(given: string, kept: BucketCredential | null): string | Refusal {
  if (!looksObscured(given)) return given;
  return kept?.secret_access_key ?? bad('secret_access_key is obscured, and none is kept', 'secret_access_key');
}

function isEndpoint(text: string): boolean {
  const url = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  return URL.canParse(url) && !/[\s?#@]/.test(text);
}
