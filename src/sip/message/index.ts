// sip/message: parse, build and print SIP messages. No sockets, no time.
export * from './build.ts';
export * from './error.ts';
export * from './framer.ts';
export * from './limits.ts';
export { parseNameAddr, printNameAddr } from './name-addr.ts';
export { canonicalHeaderName, isListHeader } from './names.ts';
export { parseParams, printParams } from './params.ts';
export { parseMessage } from './parse.ts';
export { printMessage, startLine } from './print.ts';
export { reasonPhrase } from './reasons.ts';
export * from './sanity.ts';
export { isToken, quote, splitList, unquote } from './text.ts';
export * from './types.ts';
export { escapeUser, parseUri, printHost, printUri, unescapeUri, uriEquals } from './uri.ts';
export { parseVia, printVia } from './via.ts';
