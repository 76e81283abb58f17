// A thread that misbehaves, in place of flite's, for tests: the text says how.
import { parentPort } from 'node:worker_threads';
import type { RenderRequest } from './thread.ts';

parentPort!.on('message', ({ id, parts }: RenderRequest) => {
  const text = parts[0] && 'text' in parts[0] ? parts[0].text : '';
  if (text === 'throw') throw new Error('thrown in the thread');
  if (text === 'exit') process.exit(3);
  if (text === 'hang') for (;;) {}
  if (text === 'stale') parentPort!.postMessage({ id: id - 1, pcm: new Int16Array(1), sampleRate: 1 });
  if (text === 'refuse') parentPort!.postMessage({ id, error: 'no such phone' });
  else parentPort!.postMessage({ id, pcm: new Int16Array(id), sampleRate: 8000 });
});
