// Seeds 151 to 200. A file of its own, so that each core has some.
import { rehearsals } from '../kit/rehearsals.ts';

rehearsals(151, 200);
