// What the room's interface promises and nobody has built yet. Empty, and gone, before a release.
import { Fault } from '../base/index.ts';

export function later(what: string): never {
  throw new Fault('media-later', `${what} are not built yet`);
}
