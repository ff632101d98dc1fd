import { dirname } from 'node:path';
import { endOf, logsIn, readSegment, segmentsOf } from './log-segments.js';
import { attemptLogPath } from './log.js';
import type { AttemptName, LogChunk, LogStore } from './log-store.js';
import { SegmentedLog, type LogBounds } from './segmented-log.js';

/** What is kept of one attempt's log: the last 48 to 64 MiB. */
const BOUNDS: LogBounds = { segmentBytes: 16 * 1024 * 1024, segments: 4 };
const DEFAULT_CHUNK_BYTES = 64 * 1024;

/**
 * Keeps logs in a folder: `<folder>/<run>/<task>/<attempt>.log` is the newest part of a log. Nothing removes the logs of
 * runs that have ended.
 * @param bounds default: 4 segments of 16 MiB for each attempt.
 */
export function folderLogStore(folder: string, bounds: LogBounds = BOUNDS): LogStore {
  return {
    open: (name) =>
      new SegmentedLog(attemptLogPath(folder, name), bounds, `[dagwright] Attempt ${name.attempt} begins again.`),
    attempts: (runId, task) => logsIn(dirname(attemptLogPath(folder, { runId, task, attempt: 1 }))),
    read: (name, offset, maximumBytes = DEFAULT_CHUNK_BYTES) => readChunk(folder, name, offset, maximumBytes),
  };
}

async function readChunk(
  folder: string,
  name: AttemptName,
  offset: number,
  maximumBytes: number,
): Promise<LogChunk | undefined> {
  const path = attemptLogPath(folder, name);
  for (let tries = 0; ; tries++) {
    const segments = await segmentsOf(path);
    const [first, last] = [segments[0], segments.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const from = Math.min(Math.max(offset, first.begin), endOf(last));
    const segment = segments.find((one) => from < endOf(one));
    const bytes = segment === undefined ? undefined : await readSegment(segment, from - segment.begin, maximumBytes);
    // What was to be read has been renamed, or dropped, a moment ago.
    if (segment !== undefined && bytes === undefined && tries < 10) continue;
    const read = bytes ?? Buffer.alloc(0);
    return { bytes: read, offset: from, dropped: Math.max(0, from - Math.max(0, offset)), next: from + read.length };
  }
}
