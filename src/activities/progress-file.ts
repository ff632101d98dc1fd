import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { followFile, type FollowedFile } from './followed-file.js';
import type { TaskContext } from './handler.js';

const POLL_INTERVAL = 500;
/** Of the file's end; what a script wrote before that, since the last look, is not needed any more. */
const READ_BYTES = 4 * 1024;

type Report = Parameters<TaskContext['progress']>[0];

/** What a script has said: how far it is, and what it is at. */
export interface ScriptProgress {
  readonly report?: Report;
  readonly note?: string;
}

const AMOUNT = String.raw`(\d+(?:\.\d+)?|\.\d+)`;
const NOTE = String.raw`(?:\s+(.*))?`;
const COUNTED = new RegExp(`^${AMOUNT}\\s*/\\s*${AMOUNT}${NOTE}$`);
const PERCENT = new RegExp(`^${AMOUNT}\\s*%${NOTE}$`);
const FRACTION = new RegExp(`^${AMOUNT}${NOTE}$`);

/**
 * Reads lines of the progress protocol, the last one counts: `3/10`, `50%` or a fraction from 0 to 1, each with a note
 * after it where there is one; or a note alone, which leaves the number as it was. Lines that make no sense change
 * nothing.
 * @param before what was said before these lines.
 */
export function readProgressLines(text: string, before: ScriptProgress = {}): ScriptProgress {
  let said = before;
  for (const line of text.split('\n')) said = readLine(line.trim(), said);
  return said;
}

function readLine(line: string, before: ScriptProgress): ScriptProgress {
  const counted = COUNTED.exec(line);
  if (counted !== null) {
    const [, done, total, note] = counted;
    return Number(total) === 0 ? before : said({ done: Number(done), total: Number(total) }, note);
  }
  const percent = PERCENT.exec(line);
  if (percent !== null) return said(Number(percent[1]) / 100, percent[2]);
  const fraction = FRACTION.exec(line);
  if (fraction !== null && Number(fraction[1]) <= 1) return said(Number(fraction[1]), fraction[2]);
  // A note has a letter, of whatever script: `17`, `-3` and `...` say nothing.
  return /\p{L}/u.test(line) ? { ...before, note: line } : before;
}

function said(report: Report, note: string | undefined): ScriptProgress {
  return note === undefined || note === '' ? { report } : { report, note };
}

/** Tells the attempt what its script appends to the file, from now on until the end; looks twice a second. */
export function followProgressFile(path: string, context: TaskContext, interval: number = POLL_INTERVAL): FollowedFile {
  let known: ScriptProgress = {};
  return followFile(path, interval, async (size) => {
    const next = readProgressLines(await readEnd(path, size), known);
    if (isDeepStrictEqual(next, known)) return;
    known = next;
    // A note alone comes with no number; what is no number is left out.
    context.progress(next.report ?? Number.NaN, next.note);
  });
}

/** The complete lines in the last bytes of the file. */
async function readEnd(path: string, size: number): Promise<string> {
  // What was a file may be a pipe by now, which nobody may ever write to.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const from = Math.max(0, size - READ_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    const begin = from === 0 ? 0 : text.indexOf('\n') + 1;
    return text.slice(begin, text.lastIndexOf('\n') + 1);
  } finally {
    await file.close();
  }
}
