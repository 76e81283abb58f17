// The dialogs alive, early ones included, found by Call-ID and both tags (RFC 3261 12).
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { SipDialog } from './dialog.ts';
import { dialogKey, requestDialogKey } from './state.ts';

const keyOf = (dialog: SipDialog): string => dialogKey(dialog.callId, dialog.localTag, dialog.remoteTag);

export class DialogTable {
  readonly #limit: number;
  readonly #dialogs = new Map<string, SipDialog>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#dialogs.size;
  }

  get full(): boolean {
    return this.#dialogs.size >= this.#limit;
  }

  add(dialog: SipDialog): void {
    this.#dialogs.set(keyOf(dialog), dialog);
  }

  /** The dialog that a request from the far end belongs to. */
  find(request: SipRequest): SipDialog | undefined {
    const key = requestDialogKey(request);
    return key === undefined ? undefined : this.#dialogs.get(key);
  }

  /** The dialog that a response to a request of ours belongs to. */
  findByResponse(response: SipResponse): SipDialog | undefined {
    return this.#dialogs.get(dialogKey(response.callId, response.fromTag ?? '', response.toTag ?? ''));
  }

  remove(dialog: SipDialog): void {
    const key = keyOf(dialog);
    if (this.#dialogs.get(key) === dialog) this.#dialogs.delete(key);
  }

  all(): SipDialog[] {
    return [...this.#dialogs.values()];
  }
}
