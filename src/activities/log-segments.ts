import type { Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LoggedAttempt } from './log-store.js';

// A log's bytes lie in one file after the other. The newest is `<attempt>.log`; when it is full it is renamed to
// `<attempt>.<begin>.log`, which says at which byte of the whole log it begins. The newest begins where that one ends.

const SEGMENT_NAME = /^(\d+)(?:\.(\d+))?\.log$/;

/** One file of a log. */
export interface LogSegment {
  readonly path: string;
  /** The offset in the whole log of its first byte. */
  readonly begin: number;
  readonly size: number;
  /** Tells the file from another that has its name later. */
  readonly file: number;
}

/** What the newest file is called once it is full. */
export function fullSegmentPath(path: string, begin: number): string {
  return join(dirname(path), `${basename(path, '.log')}.${begin}.log`);
}

/** The logs in the folder of a task, by attempt. */
export async function logsIn(folder: string): Promise<LoggedAttempt[]> {
  const isLong = new Map<number, boolean>();
  for (const name of await readdir(folder).catch(() => [])) {
    const match = SEGMENT_NAME.exec(name);
    if (match !== null) isLong.set(Number(match[1]), match[2] !== undefined || isLong.get(Number(match[1])) === true);
  }
  const logs: LoggedAttempt[] = [];
  for (const [attempt, long] of [...isLong].sort(([a], [b]) => a - b)) {
    const path = join(folder, `${attempt}.log`);
    // Nearly all have one segment: the folder is not read again for each of them.
    const segments = long ? await segmentsOf(path) : await newestAlone(path);
    const [first, last] = [segments[0], segments.at(-1)];
    if (first !== undefined && last !== undefined) logs.push({ attempt, begin: first.begin, end: endOf(last) });
  }
  return logs;
}

/** The offset after its last byte. */
export function endOf(segment: LogSegment): number {
  return segment.begin + segment.size;
}

async function newestAlone(path: string): Promise<LogSegment[]> {
  const entry = await statOf(path);
  return entry?.isFile() === true ? [{ path, begin: 0, size: entry.size, file: entry.ino }] : [];
}

/** The files of a log, the oldest first, as they were at one moment though its writer goes on. */
export async function segmentsOf(path: string): Promise<LogSegment[]> {
  for (let tries = 0; ; tries++) {
    const before = await statOf(path);
    const segments = await fullSegments(path);
    const newest = await statOf(path);
    // The newest was renamed meanwhile: it may be among the full ones, or not.
    if (before?.ino !== newest?.ino && tries < 10) continue;
    const last = segments.at(-1);
    const begin = last === undefined ? 0 : endOf(last);
    if (newest?.isFile() === true) segments.push({ path, begin, size: newest.size, file: newest.ino });
    return segments;
  }
}

/** Bytes of a segment; undefined where it has been dropped, or renamed and begun anew. */
export async function readSegment(segment: LogSegment, from: number, bytes: number): Promise<Buffer | undefined> {
  const file = await open(segment.path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if ((await file.stat()).ino !== segment.file) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function fullSegments(path: string): Promise<LogSegment[]> {
  const folder = dirname(path);
  const attempt = basename(path, '.log');
  const segments: LogSegment[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const match = SEGMENT_NAME.exec(name);
    if (match?.[1] !== attempt || match[2] === undefined) continue;
    const entry = await statOf(join(folder, name));
    if (entry?.isFile() !== true) continue;
    segments.push({ path: join(folder, name), begin: Number(match[2]), size: entry.size, file: entry.ino });
  }
  return segments.sort((a, b) => a.begin - b.begin);
}

async function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
