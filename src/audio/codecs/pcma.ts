// PCMA: G.711 A-law, payload type 8 (RFC 3551).
import { compandingCodec, expandALaw } from './companding.ts';

export const pcma = compandingCodec('PCMA', 8, expandALaw);
