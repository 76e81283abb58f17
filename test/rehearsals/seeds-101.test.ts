// Seeds 101 to 150. A file of its own, so that each core has some.
import { rehearsals } from '../kit/rehearsals.ts';

rehearsals(101, 150);
