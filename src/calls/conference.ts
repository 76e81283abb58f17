// Conference: a named room of an account, its members, and who waits for it to begin.
import type { HookInput } from '../apps/index.ts';

/** A call's place in a conference, as commands reach it. */
export interface ConferencePart {
  readonly name: string;
  setMuted(muted: boolean): Promise<{ at: number }>;
  hold(waitHook: HookInput | undefined): Promise<{ at: number }>;
  unhold(): Promise<{ at: number }>;
  setTag(tag: string | undefined): Promise<{ at: number }>;
  /** Heard only by members with this tag; undefined: by everybody. */
  coach(tag: string | undefined): Promise<{ at: number }>;
  kick(): Promise<{ at: number }>;
  /** All members but moderators. */
  muteOthers(muted: boolean): Promise<{ at: number }>;
}
