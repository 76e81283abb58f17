// A bucket tried with a small object. Who may only write is let in: that is all a recording needs.
import { isFault } from '../base/index.ts';
import type { Bucket } from './bucket.ts';

const key = 'crosspoint-test.txt';

export async function probe(bucket: Bucket): Promise<void> {
  await bucket.put(key, Buffer.from('This file shows that recordings can be stored here.\n'), {
    'content-type': 'text/plain',
  });
  await bucket.remove(key).catch((error: unknown) => {
    if (!isFault(error) || error.detail.status !== 403) throw error;
  });
}
