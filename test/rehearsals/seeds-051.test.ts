// Seeds 51 to 100. A file of its own, so that each core has some.
import { rehearsals } from '../kit/rehearsals.ts';

rehearsals(51, 100);
