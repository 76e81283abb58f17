// Records with a short memory: what each call reads is kept for a second, and forgotten at once when this node changes it.
import type { Clock } from '../../base/index.ts';
import { cacheFreshMs, cachedRecords as mostKept } from '../limits.ts';
import type { Collection, Records } from '../types.ts';

interface Kept {
  record: unknown;
  until: number;
}

/** Another node's change is seen after `cacheFreshMs`; this node's own at once. */
export function cacheRecords(records: Records, clock: Clock): Records {
  return { ...records, accounts: cached(records.accounts, clock), applications: cached(records.applications, clock) };
}

function cached<R>(collection: Collection<R>, clock: Clock): Collection<R> {
  const kept = new Map<string, Kept>();
  /** Grows with each change, so that a read begun before it is not kept after it. */
  let changes = 0;
  const forget = (sid: string): void => {
    changes++;
    kept.delete(sid);
  };
  return {
    find: (where) => collection.find(where),
    list: (query) => collection.list(query),
    count: (query) => collection.count(query),
    insert: (record) => collection.insert(record),
    async get(sid) {
      const known = kept.get(sid);
      if (known && known.until > clock.now()) return known.record as R | undefined;
      const before = changes;
      const record = await collection.get(sid);
      kept.delete(sid);
      if (record === undefined || before !== changes) return record;
      if (kept.size >= mostKept) kept.delete(kept.keys().next().value!);
      kept.set(sid, { record, until: clock.now() + cacheFreshMs });
      return record;
    },
    async update(sid, patch) {
      forget(sid);
      try {
        return await collection.update(sid, patch);
      } finally {
        forget(sid);
      }
    },
    async remove(sid) {
      forget(sid);
      try {
        return await collection.remove(sid);
      } finally {
        forget(sid);
      }
    },
  };
}
