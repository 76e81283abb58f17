// sdp: parse, print, and offer/answer as pure functions. Values in, values out.
export { type Answered, answerOffer } from './answer.ts';
export { audioDirection, isHold } from './hold.ts';
export * from './limits.ts';
export { applyAnswer, makeOffer, passRefusal } from './offer.ts';
export { isSdpError, parseSdp } from './parse.ts';
export { printSdp } from './print.ts';
export { isZeroAddress } from './section.ts';
export { newSdpSession, type Said } from './session.ts';
export * from './types.ts';
