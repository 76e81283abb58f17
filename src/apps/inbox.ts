// What a socket application sends: acknowledgements and commands pass, the rest is refused, and a flood is stopped.
import { Allowance } from './allowance.ts';
import type { Conversation } from './context.ts';
import { parseMessage } from './envelope.ts';
import {
  maxDroppedMessages,
  messageBurst,
  messagesPerSecond,
  quotedCharacters,
  reportedRefusalsPerSecond,
} from './limits.ts';
import type { AppCommand } from './types.ts';

export interface InboxOwner {
  onAck(msgid: string, data: unknown): void;
  onCommand(command: AppCommand): void;
  /** A message was refused: tell the application (4.4). */
  onRefused(notice: { msg: string; details: string; content: string }): void;
  /** The application sends far more than it may: it is to be closed. */
  onFlood(): void;
}

export class Inbox {
  readonly #talk: Conversation;
  readonly #owner: InboxOwner;
  readonly #messages: Allowance;
  readonly #reports: Allowance;
  #dropped = 0;

  constructor(talk: Conversation, owner: InboxOwner) {
    this.#talk = talk;
    this.#owner = owner;
    this.#messages = new Allowance(talk.clock, messagesPerSecond, messageBurst);
    this.#reports = new Allowance(talk.clock, reportedRefusalsPerSecond, reportedRefusalsPerSecond);
  }

  receive(data: string | Uint8Array): void {
    if (!this.#messages.take()) {
      this.#dropped++;
      if (this.#dropped === maxDroppedMessages) this.#owner.onFlood();
      this.#refuse(`more than ${messagesPerSecond} messages a second; this one was dropped`, data);
      return;
    }
    const message = parseMessage(data);
    if (message.kind === 'ack') this.#owner.onAck(message.msgid, message.data);
    else if (message.kind === 'command') this.#owner.onCommand(message.command);
    else this.#refuse(message.details, data);
  }

  #refuse(details: string, data: string | Uint8Array): void {
    if (!this.#reports.take()) return;
    const content =
      typeof data === 'string' ? data.slice(0, quotedCharacters) : `${data.byteLength} bytes of binary data`;
    this.#talk.emit({ type: 'message-refused', details, content });
    this.#talk.emit({ type: 'alert', alert: 'invalid-app-payload', detail: details });
    this.#owner.onRefused({ msg: 'InvalidMessage', details, content });
  }
}
