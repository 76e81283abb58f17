// The contract of records, in memory.
import { recordsContract } from '../../../test/contracts/records.ts';
import { memoryRecords } from './memory.ts';

recordsContract('memory', async () => memoryRecords());
