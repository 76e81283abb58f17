// The four transaction machines as tables, to be held beside RFC 3261 17.1, 17.2 (figures 5 to 8) and RFC 6026 7.

/** RFC 3261 table 4 and RFC 6026's L and M. */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M';

export type StateName = 'calling' | 'trying' | 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated';

/**
 * What happens to a transaction. For clients 1xx to 6xx are responses received, for servers responses that the user sends.
 * `request`: a repeat of the request. `error`: the transport could not send.
 */
export type TransactionEvent = TimerName | '1xx' | '2xx' | '3-6xx' | 'request' | 'ACK' | 'error';

/**
 * `send`: the request or the given response goes out; `resend`: the same bytes again; `ack`: ACK to a non-2xx;
 * `deliver`: the user gets the message; `timeout`, `fail`: the user hears that it is over.
 */
export type TransactionAction = 'send' | 'resend' | 'ack' | 'deliver' | 'timeout' | 'fail';

export type Row = readonly [next: StateName, ...actions: TransactionAction[]];

/** `repeat` and `end` run while in the state; one that the next state has too goes on. What is not in `on` is ignored. */
export interface StateRow {
  readonly repeat?: TimerName;
  readonly end?: TimerName;
  readonly on: { readonly [event in TransactionEvent]?: Row };
}

export type MachineTable = { readonly [state in StateName]?: StateRow };

/** RFC 3261 17.1.1, figure 5, with RFC 6026 7.2's Accepted state. */
export const inviteClient: MachineTable = {
  calling: {
    repeat: 'A',
    end: 'B',
    on: {
      A: ['calling', 'resend'],
      B: ['terminated', 'timeout'],
      error: ['terminated', 'fail'],
      '1xx': ['proceeding', 'deliver'],
      '2xx': ['accepted', 'deliver'],
      '3-6xx': ['completed', 'ack', 'deliver'],
    },
  },
  proceeding: {
    on: {
      '1xx': ['proceeding', 'deliver'],
      '2xx': ['accepted', 'deliver'],
      '3-6xx': ['completed', 'ack', 'deliver'],
    },
  },
  completed: {
    end: 'D',
    on: {
      '3-6xx': ['completed', 'ack'],
      error: ['terminated'],
      D: ['terminated'],
    },
  },
  accepted: {
    end: 'M',
    on: {
      '2xx': ['accepted', 'deliver'],
      M: ['terminated'],
    },
  },
};

/** RFC 3261 17.1.2, figure 6. */
export const nonInviteClient: MachineTable = {
  trying: {
    repeat: 'E',
    end: 'F',
    on: {
      E: ['trying', 'resend'],
      F: ['terminated', 'timeout'],
      error: ['terminated', 'fail'],
      '1xx': ['proceeding', 'deliver'],
      '2xx': ['completed', 'deliver'],
      '3-6xx': ['completed', 'deliver'],
    },
  },
  proceeding: {
    repeat: 'E',
    end: 'F',
    on: {
      E: ['proceeding', 'resend'],
      F: ['terminated', 'timeout'],
      error: ['terminated', 'fail'],
      '1xx': ['proceeding', 'deliver'],
      '2xx': ['completed', 'deliver'],
      '3-6xx': ['completed', 'deliver'],
    },
  },
  completed: {
    end: 'K',
    on: { K: ['terminated'] },
  },
};

/** RFC 3261 17.2.1, figure 7, with RFC 6026 7.1's Accepted state. Repeats of a 2xx are the dialog's business. */
export const inviteServer: MachineTable = {
  proceeding: {
    on: {
      request: ['proceeding', 'resend'],
      '1xx': ['proceeding', 'send'],
      '2xx': ['accepted', 'send'],
      '3-6xx': ['completed', 'send'],
      error: ['terminated', 'fail'],
    },
  },
  completed: {
    repeat: 'G',
    end: 'H',
    on: {
      request: ['completed', 'resend'],
      G: ['completed', 'resend'],
      ACK: ['confirmed'],
      H: ['terminated', 'timeout'],
      error: ['terminated', 'fail'],
    },
  },
  confirmed: {
    end: 'I',
    on: { I: ['terminated'] },
  },
  accepted: {
    end: 'L',
    on: {
      '2xx': ['accepted', 'send'],
      ACK: ['accepted', 'deliver'],
      error: ['accepted', 'fail'],
      L: ['terminated'],
    },
  },
};

/** RFC 3261 17.2.2, figure 8. */
export const nonInviteServer: MachineTable = {
  trying: {
    on: {
      '1xx': ['proceeding', 'send'],
      '2xx': ['completed', 'send'],
      '3-6xx': ['completed', 'send'],
    },
  },
  proceeding: {
    on: {
      request: ['proceeding', 'resend'],
      '1xx': ['proceeding', 'send'],
      '2xx': ['completed', 'send'],
      '3-6xx': ['completed', 'send'],
      error: ['terminated', 'fail'],
    },
  },
  completed: {
    end: 'J',
    on: {
      request: ['completed', 'resend'],
      J: ['terminated'],
      error: ['terminated', 'fail'],
    },
  },
};
