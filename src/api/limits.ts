// Limits of the API, each with its reason.

/** Largest body; the contract's 100 kB (rest-platform.md section 1), far more than any resource needs. */
export const bodyBytes = 100 * 1024;
/** Nesting of a urlencoded body, as in `call_hook[url]=`. */
export const formDepth = 5;
/** Nesting of a JSON body: what is real nests a handful deep, and code behind us may recurse. */
export const bodyDepth = 64;
/** Names in a urlencoded body. */
export const formFields = 1_000;
/** A request that is not complete by then is given up: slow senders must not hold connections. */
export const requestMs = 15_000;
/** Largest page of a list. */
export const pageRows = 1_000;
/** Rows of a page when the client names no size. */
export const defaultPageRows = 50;
/** `last_used` of a key is written at most this often (rest-platform.md 7.4). */
export const lastUsedMs = 60_000;
/** Asking an application for its environment variables must not hold the request that creates it. */
export const appEnvMs = 3_000;
/** A description of environment variables is small. */
export const appEnvBytes = 64 * 1024;
/** HTTP connections at once: clients keep a handful each, and file descriptors are shared with SIP and the database. */
export const maxHttpConnections = 2_000;
/** Requests under way get this long when the server stops. */
export const closeMs = 2_000;
