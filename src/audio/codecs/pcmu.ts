// PCMU: G.711 mu-law, payload type 0 (RFC 3551).
import { compandingCodec, expandMuLaw } from './companding.ts';

export const pcmu = compandingCodec('PCMU', 0, expandMuLaw);
