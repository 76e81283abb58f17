// Who we are on the wire: Via, Contact, and what we say we can do.
import { type Address, addressText } from '../base/index.ts';
import { escapeUser } from './message/index.ts';
import type { TransportName } from './types.ts';

/** Methods that RFC 3261 and its extensions know: refused with 405 when not allowed; any other is 501. */
const knownMethods = new Set([
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'UPDATE',
  'INFO',
  'MESSAGE',
  'NOTIFY',
  'SUBSCRIBE',
  'REFER',
  'PUBLISH',
]);

/** What the stack takes unless told otherwise. REGISTER and the like come with who handles them. */
export const defaultAllow: readonly string[] = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'UPDATE',
  'INFO',
  'MESSAGE',
  'NOTIFY',
  'REFER',
];

export interface IdentityOptions {
  readonly userAgent: string;
  readonly allow?: readonly string[] | undefined;
  /** Option tags (RFC 3261 19.2) that we understand. */
  readonly supported?: readonly string[] | undefined;
}

export class Identity {
  readonly userAgent: string;
  readonly allow: string;
  readonly supported: string;
  readonly #allowed: ReadonlySet<string>;
  readonly #supported: ReadonlySet<string>;
  readonly #sentBy: { [name in TransportName]: string } = { udp: '', tcp: '' };

  constructor(options: IdentityOptions) {
    const allow = options.allow ?? defaultAllow;
    const supported = options.supported ?? [];
    this.userAgent = options.userAgent;
    this.allow = allow.join(', ');
    this.supported = supported.join(', ');
    this.#allowed = new Set(allow);
    this.#supported = new Set(supported.map((tag) => tag.toLowerCase()));
  }

  /** Where others reach us over this transport. */
  listensAt(transport: TransportName, address: Address): void {
    this.#sentBy[transport] = addressText(address);
  }

  verdict(method: string): 'allowed' | 'known' | 'unknown' {
    if (this.#allowed.has(method)) return 'allowed';
    return knownMethods.has(method) ? 'known' : 'unknown';
  }

  unsupported(tags: readonly string[]): string[] {
    return tags.filter((tag) => !this.#supported.has(tag.toLowerCase()));
  }

  /** A Via of ours; it always asks for rport (RFC 3581 3). */
  via(transport: TransportName, branch: string): string {
    return `SIP/2.0/${transport.toUpperCase()} ${this.#sentBy[transport]};branch=${branch};rport`;
  }

  contact(transport: TransportName, user?: string, parameters?: string): string {
    const at = user === undefined || user === '' ? '' : `${escapeUser(user)}@`;
    const suffix = transport === 'udp' ? '' : `;transport=${transport}`;
    const contact = `<sip:${at}${this.#sentBy[transport]}${suffix}>`;
    return parameters === undefined ? contact : `${contact};${parameters}`;
  }
}
