// A WASI host for one run of a command-line program: arguments in, files in memory, no disk, no network, no environment.

/** A compiled program. */
export type Program = object;

// The part of the WebAssembly API used here; its types come with the DOM library, which a server does not load.
interface Memory {
  readonly buffer: ArrayBuffer;
}
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => Program;
    Instance: new (program: Program, imports: object) => { exports: { memory: Memory; _start: () => void } };
  };
};

/** Takes about 50 ms for 20 MB. */
export const compile = (bytes: Uint8Array): Program => new wasm.Module(bytes);

/** What the program left behind. */
export interface RunResult {
  exitCode: number;
  /** Files it wrote, by name. */
  files: Map<string, Uint8Array>;
  /** Its standard output and error as text, for error messages. */
  output: string;
}

export interface RunOptions {
  /** argv, the program's name first. */
  args: readonly string[];
  /** Largest size of all files it may write, bytes. */
  maxFileBytes: number;
}

// WASI preview 1 error numbers and constants.
const errno = { ok: 0, badf: 8, inval: 28, noent: 44, nospc: 51, notsup: 58 } as const;
const fileType = { directory: 3, regular: 4, character: 2 } as const;
const firstFile = 4;
/** Output text kept for an error message. */
const MAX_OUTPUT_CHARS = 2000;

class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** A file in memory that grows by doubling. */
class MemoryFile {
  #bytes = new Uint8Array(65_536);
  #length = 0;
  position = 0;

  get content(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  write(data: Uint8Array, maxBytes: number): boolean {
    const end = this.position + data.length;
    if (end > maxBytes) return false;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(data, this.position);
    this.position = end;
    this.#length = Math.max(this.#length, end);
    return true;
  }

  read(into: Uint8Array): number {
    const n = Math.max(0, Math.min(into.length, this.#length - this.position));
    into.set(this.#bytes.subarray(this.position, this.position + n));
    this.position += n;
    return n;
  }

  seek(offset: number, whence: number): number {
    const base = whence === 0 ? 0 : whence === 1 ? this.position : this.#length;
    this.position = Math.max(0, base + offset);
    return this.position;
  }
}

/** Runs a WASI command in this thread until it ends. */
export function runCommand(program: Program, options: RunOptions): RunResult {
  const host = new Host(options);
  const instance = new wasm.Instance(program, { wasi_snapshot_preview1: host.imports() });
  host.memory = instance.exports.memory;
  let exitCode = 0;
  try {
    instance.exports._start();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    exitCode = error.code;
  }
  return { exitCode, files: host.written(), output: host.output };
}

class Host {
  memory: Memory | undefined;
  output = '';
  readonly #args: Uint8Array[];
  readonly #maxFileBytes: number;
  readonly #files = new Map<string, MemoryFile>();
  readonly #open = new Map<number, MemoryFile>();
  #nextFd = firstFile;

  constructor(options: RunOptions) {
    const encoder = new TextEncoder();
    this.#args = options.args.map((arg) => encoder.encode(`${arg.replaceAll('\0', ' ')}\0`));
    this.#maxFileBytes = options.maxFileBytes;
  }

  written(): Map<string, Uint8Array> {
    return new Map([...this.#files].map(([name, file]) => [name, file.content]));
  }

  imports(): Record<string, (...args: never[]) => number> {
    return {
      args_get: (argv: number, buffer: number) => this.#argsGet(argv, buffer),
      args_sizes_get: (count: number, size: number) => {
        this.#u32(count, this.#args.length);
        this.#u32(
          size,
          this.#args.reduce((sum, arg) => sum + arg.length, 0),
        );
        return errno.ok;
      },
      // The program only seeds and measures with it; the same time always keeps its speech the same.
      clock_time_get: (_id: number, _precision: bigint, time: number) => {
        this.#view().setBigUint64(time, 0n, true);
        return errno.ok;
      },
      fd_close: (fd: number) => (this.#open.delete(fd) || fd < firstFile ? errno.ok : errno.badf),
      fd_fdstat_get: (fd: number, stat: number) => this.#fdstat(fd, stat),
      fd_fdstat_set_flags: () => errno.ok,
      fd_prestat_get: (fd: number, out: number) => this.#prestat(fd, out),
      fd_prestat_dir_name: (fd: number, out: number, length: number) => {
        if (fd !== 3 || length < 1) return errno.inval;
        this.#bytes(out, 1)[0] = 0x2f;
        return errno.ok;
      },
      fd_read: (fd: number, vectors: number, count: number, read: number) => this.#read(fd, vectors, count, read),
      fd_seek: (fd: number, offset: bigint, whence: number, out: number) => {
        const file = this.#open.get(fd);
        if (!file) return errno.badf;
        this.#view().setBigUint64(out, BigInt(file.seek(Number(offset), whence)), true);
        return errno.ok;
      },
      fd_write: (fd: number, vectors: number, count: number, written: number) =>
        this.#write(fd, vectors, count, written),
      path_open: (...args: number[]) => this.#pathOpen(args),
      proc_exit: (code: number) => {
        throw new Exit(code);
      },
    } as Record<string, (...args: never[]) => number>;
  }

  #argsGet(argv: number, buffer: number): number {
    let at = buffer;
    for (const [i, arg] of this.#args.entries()) {
      this.#u32(argv + 4 * i, at);
      this.#bytes(at, arg.length).set(arg);
      at += arg.length;
    }
    return errno.ok;
  }

  #fdstat(fd: number, stat: number): number {
    const type = fd < 3 ? fileType.character : fd === 3 ? fileType.directory : fileType.regular;
    if (fd >= firstFile && !this.#open.has(fd)) return errno.badf;
    this.#bytes(stat, 24).fill(0);
    this.#bytes(stat, 1)[0] = type;
    // All rights: what may be done is decided by what is implemented here.
    this.#bytes(stat + 8, 16).fill(0xff);
    return errno.ok;
  }

  /** One folder, "/", is open from the start as descriptor 3. */
  #prestat(fd: number, out: number): number {
    if (fd !== 3) return errno.badf;
    this.#u32(out, 0);
    this.#u32(out + 4, 1);
    return errno.ok;
  }

  /** Arguments: dirfd, dirflags, path, length, oflags, rights, inheriting, fdflags, out. */
  #pathOpen(args: number[]): number {
    const [, , path, length, openFlags] = args as [number, number, number, number, number];
    const name = new TextDecoder().decode(this.#bytes(path, length));
    const create = (openFlags & 1) !== 0;
    const truncate = (openFlags & 8) !== 0;
    const known = this.#files.get(name);
    if (!known && !create) return errno.noent;
    const file = known && !truncate ? known : new MemoryFile();
    file.position = 0;
    this.#files.set(name, file);
    const fd = this.#nextFd++;
    this.#open.set(fd, file);
    this.#u32(args[8]!, fd);
    return errno.ok;
  }

  #write(fd: number, vectors: number, count: number, written: number): number {
    const file = this.#open.get(fd);
    if (!file && fd !== 1 && fd !== 2) return errno.badf;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const data = this.#vector(vectors, i);
      if (!file) this.output = (this.output + new TextDecoder().decode(data)).slice(0, MAX_OUTPUT_CHARS);
      else if (!file.write(data, this.#maxFileBytes)) return errno.nospc;
      total += data.length;
    }
    this.#u32(written, total);
    return errno.ok;
  }

  #read(fd: number, vectors: number, count: number, read: number): number {
    const file = this.#open.get(fd);
    if (!file && fd !== 0) return errno.badf;
    let total = 0;
    for (let i = 0; file && i < count; i++) total += file.read(this.#vector(vectors, i));
    this.#u32(read, total);
    return errno.ok;
  }

  #vector(vectors: number, i: number): Uint8Array {
    const view = this.#view();
    return this.#bytes(view.getUint32(vectors + 8 * i, true), view.getUint32(vectors + 8 * i + 4, true));
  }

  #u32(at: number, value: number): void {
    this.#view().setUint32(at, value, true);
  }

  #view(): DataView {
    return new DataView(this.memory!.buffer);
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory!.buffer, at, length);
  }
}
