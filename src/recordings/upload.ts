// An upload: the file whole when it is small, else in parts of which the journal remembers each, so that a restart costs one part at most.
import { Fault, type Files, isFault } from '../base/index.ts';
import type { RecordingFacts } from '../calls/index.ts';
import type { BucketCredential } from '../store/index.ts';
import type { Bucket } from './bucket.ts';
import type { Entry } from './journal.ts';
import { partBytes } from './limits.ts';

export interface UploadParts {
  bucket: Bucket;
  files: Files;
  entry: Entry;
  tags: BucketCredential['tags'];
  /** The entry has changed: it is to be remembered. */
  remember(): Promise<void>;
}

/** Rejects with the bucket's Fault; called again it goes on. */
export async function upload(parts: UploadParts): Promise<void> {
  const { bucket, files, entry } = parts;
  const { path } = entry.facts;
  const file = await files.open(path);
  try {
    const size = await file.size();
    const headers = objectHeaders(entry.facts, parts.tags);
    if (size <= partBytes) return await bucket.put(path, await file.read(0, size), headers);
    const state = await begun(parts, headers);
    for (let number = state.parts.length + 1; (number - 1) * state.partBytes < size; number++) {
      const bytes = await file.read((number - 1) * state.partBytes, state.partBytes);
      state.parts.push(await bucket.putPart(path, state.uploadId, number, bytes));
      await parts.remember();
    }
    await bucket.complete(path, state.uploadId, state.parts);
  } catch (error) {
    // What the bucket has forgotten, or cannot put together, begins anew.
    if (isFault(error) && startsOver.has(String(error.detail.code))) {
      delete entry.upload;
      await parts.remember();
      throw new Fault('upload-forgotten', error.message, { retryable: true, cause: error });
    }
    throw error;
  } finally {
    await file.close();
  }
}

const startsOver = new Set(['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall']);

async function begun({ bucket, entry, remember }: UploadParts, headers: Record<string, string>) {
  if (entry.upload?.identity === bucket.identity) return entry.upload;
  const uploadId = await bucket.begin(entry.facts.path, headers);
  entry.upload = { identity: bucket.identity, uploadId, partBytes, parts: [] };
  await remember();
  return entry.upload;
}

/** sip-edge.md RC-6. */
function objectHeaders(facts: RecordingFacts, tags: BucketCredential['tags']): Record<string, string> {
  const metadata: Record<string, string | undefined> = {
    'account-sid': facts.accountSid,
    'call-sid': facts.callSid,
    direction: facts.direction,
    from: facts.from,
    to: facts.to,
    'application-sid': facts.applicationSid,
    'originating-sip-id': facts.sipIp,
    'originating-sip-trunk-name': facts.trunk,
    'sample-rate': String(facts.sampleRate),
  };
  const headers: Record<string, string> = { 'content-type': contentType(facts.format) };
  for (const [name, value] of Object.entries(metadata)) if (value) headers[`x-amz-meta-${name}`] = headerText(value);
  const query = new URLSearchParams((tags ?? []).map(({ Key, Value }): [string, string] => [Key, Value])).toString();
  if (query) headers['x-amz-tagging'] = query;
  return headers;
}

export const contentType = (format: 'wav' | 'mp3'): string => (format === 'wav' ? 'audio/wav' : 'audio/mpeg');

/** Headers hold printable ASCII: what is more is percent-encoded. Single blanks, as signers differ in what they make of more. */
const headerText = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\x20-\x7e]+/g, encodeURIComponent)
    .replace(/ +/g, ' ')
    .trim();
