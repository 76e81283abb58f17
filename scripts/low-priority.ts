// Loaded before a test that shall take only what others leave of the processor.
import { constants, setPriority } from 'node:os';

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
