// recordings: from their first second to where they belong, a folder or the account's bucket.
import { Keeper } from './keeper.ts';
import type { Recordings, RecordingsPorts } from './types.ts';

export type { RecordingAudio, RecordingName, RecordingOutcome, Recordings } from './types.ts';
export { contentType } from './upload.ts';

export const keepRecordings = (ports: RecordingsPorts): Recordings => new Keeper(ports);
