import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, statSync, type WriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TaskLog } from './handler.js';

/** Bytes that one attempt's log may have. What comes later is dropped, and a line says so. */
export const MAXIMUM_LOG_BYTES = 64 * 1024 * 1024;

const MAXIMUM_NAME_LENGTH = 120;
/** What nearly every name is. */
const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,119}$/;

/** The attempt whose log it is. */
export interface AttemptName {
  readonly runId: string;
  readonly task: string;
  readonly attempt: number;
}

/** An attempt's log as its host holds it. */
export interface AttemptLog extends TaskLog {
  /** Waits until everything is on the disk. Never throws. */
  close(): Promise<void>;
}

/** The log file of an attempt: `<folder>/<run>/<task>/<attempt>.log`, whatever characters the names have. */
export function attemptLogPath(folder: string, name: AttemptName): string {
  return join(folder, safeName(name.runId), safeName(name.task), `${name.attempt}.log`);
}

/**
 * The log of an attempt. Folder and file are made at the first write; a file that is there is added to. A log that
 * cannot be written (a full disk) is given up: it never fails the task.
 */
export function openAttemptLog(
  folder: string,
  name: AttemptName,
  options: { readonly maximumBytes?: number } = {},
): AttemptLog {
  const path = attemptLogPath(folder, name);
  const maximum = options.maximumBytes ?? MAXIMUM_LOG_BYTES;
  let stream: WriteStream | undefined;
  let written = 0;
  let closed = false;

  const open = (): WriteStream | undefined => {
    try {
      mkdirSync(dirname(path), { recursive: true });
      written = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      closed = true;
      return undefined;
    }
    const opened = createWriteStream(path, { flags: 'a' });
    opened.on('error', () => {
      closed = true;
    });
    return opened;
  };

  /** Whether the stream wants no more before it has drained. */
  const put = (bytes: Uint8Array): boolean => {
    if (closed) return false;
    stream ??= open();
    if (stream === undefined || written > maximum) return false;
    const room = maximum - written;
    written += bytes.length;
    if (bytes.length <= room) return !stream.write(bytes);
    written = maximum + 1;
    stream.write(bytes.subarray(0, room));
    return !stream.write(`\n[dagwright] The log was cut here: it is over ${maximum} bytes.\n`);
  };

  return {
    path,
    write(line) {
      put(Buffer.from(`${line}\n`));
    },
    async append(bytes) {
      if (put(bytes) && stream !== undefined) await drained(stream);
    },
    async close() {
      closed = true;
      const open = stream;
      if (open === undefined || open.closed) return;
      await new Promise<void>((resolve) => {
        open.once('close', resolve);
        open.end();
      });
    },
  };
}

function drained(stream: WriteStream): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}

/** A run id is a user's text: it must not climb out of the folder, hide itself, or be too long for a file system. */
function safeName(name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  const safe = Array.from(Buffer.from(name), (byte, index) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
  if (safe.length <= MAXIMUM_NAME_LENGTH) return safe || '%';
  return `${safe.slice(0, MAXIMUM_NAME_LENGTH - 17)}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
