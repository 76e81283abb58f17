// Seeds 1 to 50. A file of its own, so that each core has some.
import { rehearsals } from '../kit/rehearsals.ts';

rehearsals(1, 50);
