// The 49 messages of RFC 4475 and what it says must happen to each. The messages are the .dat files beside this file:
// written for this project after the RFC's descriptions, each under the RFC's short name.

/** What parsing and the sanity check make of it: fit to go on, an answer at sight, or dropped in silence. */
export type MessageVerdict = 'fit' | 'drop' | number;

/**
 * What a whole stack does with it, as an endpoint: hands an INVITE or another request to its user, drops a response that
 * belongs to nothing, drops garbage, or answers itself with one of these statuses.
 */
export type StackVerdict = 'invite' | 'request' | 'response' | 'drop' | readonly number[];

export interface TortureCase {
  readonly name: string;
  /** Of RFC 4475. */
  readonly section: string;
  readonly what: string;
  readonly message: MessageVerdict;
  readonly stack: StackVerdict;
  readonly note?: string;
}

export const tortureCases: readonly TortureCase[] = [
  {
    name: 'wsinv',
    section: '3.1.1.1',
    what: 'folded lines, white space everywhere, compact forms, odd case, escaped quotes',
    message: 'fit',
    stack: [481],
    note: 'Its To tag names no dialog we have.',
  },
  {
    name: 'intmeth',
    section: '3.1.1.2',
    what: 'every character the grammar allows, quoted control characters, UTF-8',
    message: 'fit',
    stack: [405, 501],
  },
  {
    name: 'esc01',
    section: '3.1.1.3',
    what: 'escapes in user parts and URI parameters',
    message: 'fit',
    stack: 'invite',
  },
  {
    name: 'escnull',
    section: '3.1.1.4',
    what: 'escaped NULs in user parts; two different contacts',
    message: 'fit',
    stack: 'request',
  },
  {
    name: 'esc02',
    section: '3.1.1.5',
    what: '"%" where it escapes nothing: method, header name, display name',
    message: 'fit',
    stack: [405, 501],
  },
  { name: 'lwsdisp', section: '3.1.1.6', what: 'no space between display name and "<"', message: 'fit', stack: [200] },
  {
    name: 'longreq',
    section: '3.1.1.7',
    what: 'long values, 34 Via lines in every spelling',
    message: 'fit',
    stack: 'invite',
  },
  {
    name: 'dblreq',
    section: '3.1.1.8',
    what: 'more octets after the body of a datagram',
    message: 'fit',
    stack: 'request',
  },
  {
    name: 'semiuri',
    section: '3.1.1.9',
    what: '";" and an escaped "@" in the user part',
    message: 'fit',
    stack: [200],
  },
  {
    name: 'transports',
    section: '3.1.1.10',
    what: 'known and unknown transports in Via',
    message: 'fit',
    stack: [200],
  },
  { name: 'mpart01', section: '3.1.1.11', what: 'multipart body with binary octets', message: 'fit', stack: 'request' },
  {
    name: 'unreason',
    section: '3.1.1.12',
    what: 'reason phrase with odd characters and UTF-8',
    message: 'fit',
    stack: 'response',
  },
  { name: 'noreason', section: '3.1.1.13', what: 'empty reason phrase', message: 'fit', stack: 'response' },
  {
    name: 'badinv01',
    section: '3.1.2.1',
    what: 'empty parameters and list values in Via and Contact',
    message: 400,
    stack: [400],
  },
  { name: 'clerr', section: '3.1.2.2', what: 'Content-Length larger than the datagram', message: 400, stack: [400] },
  { name: 'ncl', section: '3.1.2.3', what: 'negative Content-Length', message: 400, stack: [400] },
  { name: 'scalar02', section: '3.1.2.4', what: 'overlarge numbers in a request', message: 400, stack: [400] },
  { name: 'scalarlg', section: '3.1.2.5', what: 'overlarge numbers in a response', message: 'drop', stack: 'drop' },
  { name: 'quotbal', section: '3.1.2.6', what: 'display name with an unclosed quote', message: 400, stack: [400] },
  { name: 'ltgtruri', section: '3.1.2.7', what: 'Request-URI in angle brackets', message: 400, stack: [400] },
  { name: 'lwsruri', section: '3.1.2.8', what: 'space inside the Request-URI', message: 400, stack: [400] },
  {
    name: 'lwsstart',
    section: '3.1.2.9',
    what: 'two spaces between the parts of the request line',
    message: 400,
    stack: [400],
  },
  { name: 'trws', section: '3.1.2.10', what: 'spaces at the end of the request line', message: 400, stack: [400] },
  { name: 'escruri', section: '3.1.2.11', what: 'headers in the Request-URI', message: 400, stack: [400] },
  {
    name: 'baddate',
    section: '3.1.2.12',
    what: 'Date with a time zone other than GMT',
    message: 'fit',
    stack: 'invite',
    note: 'May be refused with 400; Date is not used here, so it is not looked at.',
  },
  {
    name: 'regbadct',
    section: '3.1.2.13',
    what: 'Contact URI with "?" outside angle brackets',
    message: 400,
    stack: [400],
  },
  { name: 'badaspec', section: '3.1.2.14', what: 'spaces inside angle brackets', message: 400, stack: [400] },
  {
    name: 'baddn',
    section: '3.1.2.15',
    what: 'display name that must be quoted and is not',
    message: 400,
    stack: [400],
  },
  { name: 'badvers', section: '3.1.2.16', what: 'SIP version 7.0', message: 505, stack: [505] },
  { name: 'mismatch01', section: '3.1.2.17', what: 'CSeq with another method', message: 400, stack: [400] },
  {
    name: 'mismatch02',
    section: '3.1.2.18',
    what: 'unknown method, CSeq with another method',
    message: 400,
    stack: [400, 501],
  },
  { name: 'bigcode', section: '3.1.2.19', what: 'overlarge status code', message: 'drop', stack: 'drop' },
  { name: 'badbranch', section: '3.2.1', what: 'branch that is only the magic cookie', message: 400, stack: [400] },
  { name: 'insuf', section: '3.3.1', what: 'no Call-ID, From and To', message: 400, stack: [400] },
  { name: 'unkscm', section: '3.3.2', what: 'Request-URI with an unknown scheme', message: 416, stack: [416] },
  {
    name: 'novelsc',
    section: '3.3.3',
    what: 'Request-URI with a known scheme that is not for SIP',
    message: 416,
    stack: [416],
  },
  {
    name: 'unksm2',
    section: '3.3.4',
    what: 'unknown schemes in To, From and Contact',
    message: 'fit',
    stack: 'request',
  },
  {
    name: 'bext01',
    section: '3.3.5',
    what: 'Require and Proxy-Require with unknown options',
    message: 'fit',
    stack: [420],
    note: 'Unsupported lists the two options of Require.',
  },
  {
    name: 'invut',
    section: '3.3.6',
    what: 'body of an unknown type',
    message: 'fit',
    stack: 'invite',
    note: 'Who answers the call refuses with 415 and Accept.',
  },
  {
    name: 'regaut01',
    section: '3.3.7',
    what: 'Authorization with an unknown scheme',
    message: 'fit',
    stack: 'request',
    note: 'A registrar challenges again (401) or ignores the header.',
  },
  {
    name: 'multi01',
    section: '3.3.8',
    what: 'From, To, Call-ID, CSeq and Max-Forwards twice',
    message: 400,
    stack: [400],
  },
  { name: 'mcl01', section: '3.3.9', what: 'two different Content-Length lines', message: 400, stack: [400] },
  {
    name: 'bcast',
    section: '3.3.10',
    what: 'response with a second Via, for a broadcast address',
    message: 'drop',
    stack: 'drop',
  },
  {
    name: 'zeromf',
    section: '3.3.11',
    what: 'Max-Forwards of zero',
    message: 'fit',
    stack: [200],
    note: 'A proxy would answer 483; we are where it ends.',
  },
  {
    name: 'cparam01',
    section: '3.3.12',
    what: 'Contact parameter outside angle brackets',
    message: 'fit',
    stack: 'request',
  },
  {
    name: 'cparam02',
    section: '3.3.13',
    what: 'Contact URI parameter inside angle brackets',
    message: 'fit',
    stack: 'request',
  },
  {
    name: 'regescrt',
    section: '3.3.14',
    what: 'Contact URI with an escaped Route header',
    message: 'fit',
    stack: 'request',
  },
  {
    name: 'sdp01',
    section: '3.3.15',
    what: 'Accept without application/sdp',
    message: 'fit',
    stack: 'invite',
    note: 'Who answers the call may refuse with 406.',
  },
  {
    name: 'inv2543',
    section: '3.4.1',
    what: 'RFC 2543: no branch, tag, Max-Forwards, Content-Length',
    message: 'fit',
    stack: 'invite',
  },
];
