import { stripVTControlCharacters } from 'node:util';

/** The end of a stream: its last lines, in bounded memory. */
export class Tail {
  #bytes: Buffer = Buffer.alloc(0);
  #cut = false;
  readonly #maximumBytes: number;
  readonly #maximumLines: number;

  constructor(maximumBytes: number, maximumLines: number) {
    this.#maximumBytes = maximumBytes;
    this.#maximumLines = maximumLines;
  }

  append(chunk: Buffer): void {
    const all = chunk.length >= this.#maximumBytes ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (all.length <= this.#maximumBytes) {
      this.#bytes = all;
      return;
    }
    this.#cut = true;
    // A copy, so that the whole chunk is not kept alive.
    this.#bytes = Buffer.from(all.subarray(all.length - this.#maximumBytes));
  }

  /** The last lines, without colours and cursor movements; empty ones at the end are left out. */
  lines(): string[] {
    const text = stripVTControlCharacters(this.#bytes.toString()).trimEnd();
    const lines = text === '' ? [] : text.split(/\r?\n/);
    // The first one may have lost its beginning; it is kept where it is all there is.
    if (this.#cut && lines.length > 1) lines.shift();
    return lines.slice(-this.#maximumLines);
  }
}
