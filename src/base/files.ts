// Files: one folder of this machine, as a port. Its real twin is in net/, its in-memory twin in sim/.

/** A file that is written and read by position. Operations reject with a Fault `file-failed`. */
export interface OpenFile {
  /** Bytes that it had when it was opened. */
  readonly sizeAtOpen: number;
  size(): Promise<number>;
  /** All of the bytes, which may be reused once this has resolved. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  /** Fewer bytes than asked for at the end of the file. */
  read(at: number, length: number): Promise<Uint8Array>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** Paths are relative, with `/`; one that leaves the folder is a bug of the caller. Only we can read what is made here. */
export interface Files {
  /** With `make` an absent file is made, and the folders above it. Rejects with a Fault `file-missing` or `file-failed`. */
  open(path: string, options?: { make?: boolean }): Promise<OpenFile>;
  /** Undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** A small file, whole: after a crash there is the old one or the new one. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** False when there was none. */
  remove(path: string): Promise<boolean>;
  /** Every file whose name ends so, in order. */
  list(suffix: string): Promise<string[]>;
}
