import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { endOf, fullSegmentPath, segmentsOf } from './log-segments.js';
import type { AttemptLog } from './log-store.js';

/** Bytes waiting for the disk beyond which a stream that is piped here has to wait. */
const HIGH_WATER = 64 * 1024;
const LINE_FEED = 0x0a;

/** How much of a log is kept. */
export interface LogBounds {
  /** Bytes of one segment. */
  readonly segmentBytes: number;
  /** Segments kept, the one that is written to included; the oldest is dropped. */
  readonly segments: number;
}

/** Writes a log in segments; see log-segments.ts. Folder and file are made at the first write. */
export class SegmentedLog implements AttemptLog {
  readonly path: string;
  readonly #bounds: LogBounds;
  readonly #separator: string;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #file: FileHandle | undefined;
  /** Where the segment that is written to begins, and how long it is. */
  #begin = 0;
  #size = 0;
  /** Where the full segments begin. */
  #full: number[] = [];

  /** @param separator a line that is written first where the log is there already. */
  constructor(path: string, bounds: LogBounds, separator: string) {
    this.path = path;
    this.#bounds = bounds;
    this.#separator = separator;
  }

  write(line: string): void {
    this.#put(Buffer.from(`${line}\n`));
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#put(bytes);
    if (this.#waitingBytes > HIGH_WATER) await this.#writing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
  }

  #put(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const bytes = Buffer.concat(this.#waiting);
        this.#waiting = [];
        this.#file ??= await this.#open();
        await this.#store(bytes);
        this.#waitingBytes -= bytes.length;
      }
    } catch {
      // A full disk, a folder that may not be written to: the log is given up.
      this.#isClosed = true;
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    this.#writing = undefined;
  }

  async #open(): Promise<FileHandle> {
    const isNew = (await mkdir(dirname(this.path), { recursive: true })) !== undefined;
    this.#file = await open(this.path, 'a+');
    // Nearly every log is the first in its folder: no need to look for more of it.
    if (isNew) return this.#file;
    const full = (await segmentsOf(this.path)).filter((segment) => segment.path !== this.path);
    const last = full.at(-1);
    this.#full = full.map((segment) => segment.begin);
    this.#begin = last === undefined ? 0 : endOf(last);
    this.#size = (await this.#file.stat()).size;
    if (this.#size > 0 || last !== undefined) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(1), 0, 1, Math.max(0, this.#size - 1));
      const isAtLineEnd = bytesRead === 0 || buffer[0] === LINE_FEED;
      await this.#store(Buffer.from(`${isAtLineEnd ? '' : '\n'}${this.#separator}\n`));
    }
    return this.#file;
  }

  async #store(bytes: Buffer): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const room = this.#bounds.segmentBytes - this.#size;
      // Segments end with a line, where a line is not as long as they are.
      let part = rest.length <= room ? rest.length : rest.subarray(0, Math.max(0, room)).lastIndexOf(LINE_FEED) + 1;
      if (part === 0 && this.#size === 0) part = room;
      if (part === 0) {
        await this.#beginSegment();
        continue;
      }
      await this.#file?.appendFile(rest.subarray(0, part));
      this.#size += part;
      rest = rest.subarray(part);
    }
  }

  async #beginSegment(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await rename(this.path, fullSegmentPath(this.path, this.#begin));
    this.#full.push(this.#begin);
    this.#begin += this.#size;
    this.#size = 0;
    while (this.#full.length >= this.#bounds.segments) {
      await rm(fullSegmentPath(this.path, this.#full[0] ?? 0), { force: true });
      this.#full.shift();
    }
    this.#file = await open(this.path, 'a+');
  }
}
