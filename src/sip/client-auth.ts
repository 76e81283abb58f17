// Answers the challenges to one request: each realm once, and again only when its nonce was stale (RFC 3261 22.2, 22.3).
import { type Random, randomHex } from '../base/index.ts';
import { answerChallenge, chooseChallenge, type DigestChallenge, parseChallenge, printCredentials } from './digest.ts';
import { type HeaderLine, isSipParseError, type SipRequest, type SipResponse } from './message/index.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Which header asks, and which answers. */
const headersOf = {
  401: ['WWW-Authenticate', 'Authorization'],
  407: ['Proxy-Authenticate', 'Proxy-Authorization'],
} as const;

export class ClientAuth {
  readonly #random: Random;
  readonly #credentials: Credentials;
  readonly #answered = new Map<string, HeaderLine>();

  constructor(random: Random, credentials: Credentials) {
    this.#random = random;
    this.#credentials = credentials;
  }

  /** Header lines for the request's next attempt, or undefined when there is no new answer to give. */
  answer(response: SipResponse, request: SipRequest): readonly HeaderLine[] | undefined {
    if (response.status !== 401 && response.status !== 407) return undefined;
    const [asking, answering] = headersOf[response.status];
    let any = false;
    for (const challenge of challengesOf(response, asking)) {
      const key = `${answering} ${challenge.realm}`;
      if (this.#answered.has(key) && !challenge.stale) return undefined;
      this.#answered.set(key, [answering, this.#credentialsFor(challenge, request)]);
      any = true;
    }
    return any ? [...this.#answered.values()] : undefined;
  }

  #credentialsFor(challenge: DigestChallenge, request: SipRequest): string {
    const { method, uriText: uri, body } = request;
    const cnonce = randomHex(this.#random, 8);
    return printCredentials(answerChallenge({ challenge, ...this.#credentials, method, uri, body, cnonce, nc: 1 }));
  }
}

/** The challenge to answer for each realm; malformed ones and those of other schemes do not count. */
function challengesOf(response: SipResponse, header: string): DigestChallenge[] {
  const byRealm = new Map<string, DigestChallenge[]>();
  for (const value of response.values(header)) {
    try {
      const challenge = parseChallenge(value);
      if (challenge) byRealm.set(challenge.realm, [...(byRealm.get(challenge.realm) ?? []), challenge]);
    } catch (error) {
      if (!isSipParseError(error)) throw error;
    }
  }
  return [...byRealm.values()].flatMap((challenges) => chooseChallenge(challenges) ?? []);
}
