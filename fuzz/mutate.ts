// Spoils messages at random, from a seed: for fuzz targets of text protocols.

/** A stream of chance that a number reproduces (xorshift32): fast, and good enough to choose where to break things. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x2545f491) | 1;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Octets that mean something to text parsers. */
const telling = Buffer.from('\0\t\r\n "%\'()*,-./0:;<=>?@[\\]_{}~\x7f\x80\xc3\xef\xff');
const numbers = [
  '0',
  '-1',
  '00000000000000000001',
  '255',
  '256',
  '65535',
  '65536',
  '2147483648',
  '4294967296',
  '1e9',
  '9'.repeat(400),
];
const nests = [
  '"',
  '<',
  '>',
  '(',
  '\\',
  ';',
  ',',
  '%',
  '%00',
  '%ff',
  '\r\n ',
  '\r\n',
  ';a=',
  '<sip:',
  '"\\',
  '[',
  '=',
  '?',
  '&',
  '@',
  ':',
];

type Mutation = (bytes: Buffer, dice: Dice, corpus: readonly Buffer[]) => Buffer;

const cut = (bytes: Buffer, from: number, to: number, middle: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);

/** Start and end of a random line, line break included. */
function line(bytes: Buffer, dice: Dice): [number, number] {
  const near = dice.below(bytes.length);
  const start = bytes.lastIndexOf('\n', near) + 1;
  const end = bytes.indexOf('\n', near);
  return [start, end < 0 ? bytes.length : end + 1];
}

const none = Buffer.alloc(0);

const mutations: readonly Mutation[] = [
  function flipBit(bytes, dice) {
    const at = dice.below(bytes.length);
    const copy = Buffer.from(bytes);
    copy[at] = copy[at]! ^ (1 << dice.below(8));
    return copy;
  },
  function replaceOctet(bytes, dice) {
    const copy = Buffer.from(bytes);
    copy[dice.below(bytes.length)] = dice.below(3) ? telling[dice.below(telling.length)]! : dice.below(256);
    return copy;
  },
  function insertOctet(bytes, dice) {
    const at = dice.below(bytes.length + 1);
    return cut(bytes, at, at, Buffer.of(telling[dice.below(telling.length)]!));
  },
  function remove(bytes, dice) {
    const at = dice.below(bytes.length);
    return cut(bytes, at, at + 1 + dice.below(dice.below(4) ? 4 : 200), none);
  },
  function truncate(bytes, dice) {
    return bytes.subarray(0, dice.below(bytes.length));
  },
  function repeatPart(bytes, dice) {
    const at = dice.below(bytes.length);
    const part = bytes.subarray(at, at + 1 + dice.below(40));
    return cut(bytes, at, at, Buffer.concat(Array.from({ length: 1 + dice.below(8) }, () => part)));
  },
  function repeatLine(bytes, dice) {
    const [start, end] = line(bytes, dice);
    return cut(bytes, end, end, bytes.subarray(start, end));
  },
  function removeLine(bytes, dice) {
    return cut(bytes, ...line(bytes, dice), none);
  },
  function lineFromAnother(bytes, dice, corpus) {
    const other = dice.of(corpus);
    const at = line(bytes, dice)[0];
    return cut(bytes, at, at, other.subarray(...line(other, dice)));
  },
  function splice(bytes, dice, corpus) {
    const other = dice.of(corpus);
    return Buffer.concat([bytes.subarray(0, dice.below(bytes.length)), other.subarray(dice.below(other.length))]);
  },
  function replaceNumber(bytes, dice) {
    const text = bytes.toString('latin1');
    const found = [...text.matchAll(/\d+/g)];
    if (found.length === 0) return bytes;
    const { index, 0: digits } = dice.of(found);
    return cut(bytes, index, index + digits.length, Buffer.from(dice.of(numbers)));
  },
  function nest(bytes, dice) {
    const at = dice.below(bytes.length);
    return cut(
      bytes,
      at,
      at,
      Buffer.from(
        dice.of(nests).repeat(1 + dice.below(dice.below(20) ? 6 : dice.below(50) ? 1_000 : 30_000)),
        'latin1',
      ),
    );
  },
  function fold(bytes, dice) {
    const at = bytes.indexOf(' ', dice.below(bytes.length));
    return at < 0 ? bytes : cut(bytes, at, at, Buffer.from('\r\n'));
  },
  function swapCase(bytes, dice) {
    const [start, end] = line(bytes, dice);
    const text = bytes.toString('latin1', start, end);
    return cut(bytes, start, end, Buffer.from(dice.below(2) ? text.toUpperCase() : text.toLowerCase(), 'latin1'));
  },
];

/** One of the corpus with one to six things done to it. */
export function mutated(corpus: readonly Buffer[], dice: Dice): Buffer {
  let bytes = dice.of(corpus);
  for (let times = 1 + dice.below(dice.below(2) ? 2 : 6); times > 0 && bytes.length > 0; times--)
    bytes = dice.of(mutations)(bytes, dice, corpus);
  return bytes;
}
