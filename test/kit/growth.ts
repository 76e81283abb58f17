// Growth: how many bytes a short call leaves behind, once everything that is kept for a while has been forgotten.
import { heapMb } from './measured.ts';

export interface GrowthOptions {
  /** Calls before the first look: caches, tables and the list of ended calls fill up. */
  warm: number;
  /** Calls between the first look and the last. */
  calls: number;
  /** Makes so many calls from beginning to end. */
  run(calls: number): Promise<void>;
  /** Waits until what is kept on purpose (SIP transactions, sockets that linger) is forgotten, and forgets what the caller itself noted. */
  settle(): Promise<void>;
}

/** Weakly held things (AbortSignals among them) go in turns after a collection, and free others with them. */
async function restingHeapMb(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    heapMb();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return heapMb();
}

/** Bytes of heap that each call left. Below some hundred it is noise: a leak of even one small object a call is more. */
export async function bytesPerCall({ warm, calls, run, settle }: GrowthOptions): Promise<number> {
  await run(warm);
  await settle();
  const before = await restingHeapMb();
  await run(calls);
  await settle();
  return (((await restingHeapMb()) - before) * 2 ** 20) / calls;
}
