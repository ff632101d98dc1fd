import type { TaskLog } from './handler.js';

/** The attempt whose log it is. Where a task started anew, its attempts count from 1 again, and share the logs. */
export interface AttemptName {
  readonly runId: string;
  readonly task: string;
  /** The first is 1. */
  readonly attempt: number;
}

/** An attempt's log as its host holds it. */
export interface AttemptLog extends TaskLog {
  /** Waits until everything is stored; what comes later is dropped. Never throws. */
  close(): Promise<void>;
}

/** An attempt that has a log. Offsets are bytes of all that was ever written, what has been dropped since included. */
export interface LoggedAttempt {
  readonly attempt: number;
  /** Where the log begins now: over 0 where its beginning has been dropped. */
  readonly begin: number;
  readonly end: number;
}

/** A piece of a log. */
export interface LogChunk {
  readonly bytes: Uint8Array;
  /** Where the bytes begin: after the offset that was asked for, where what was there has been dropped. */
  readonly offset: number;
  /** How many bytes between the two are gone. */
  readonly dropped: number;
  /** The offset to go on at. */
  readonly next: number;
}

/** Where attempts' logs are kept: one stream of bytes per attempt, bounded, its end never lost. */
export interface LogStore {
  /**
   * The log of an attempt that begins. One that is there is added to, after a line that says so. A log that cannot be
   * written is given up: it never fails the task.
   */
  open(name: AttemptName): AttemptLog;
  /** The attempts of a task that have a log, the first one first. None where the run or the task is not known. */
  attempts(runId: string, task: string): Promise<LoggedAttempt[]>;
  /**
   * Reads on from an offset; no bytes where there are no more yet. A chunk may hold fewer bytes than there are.
   * @param maximumBytes default 65,536.
   * @returns undefined where the attempt has no log.
   */
  read(name: AttemptName, offset: number, maximumBytes?: number): Promise<LogChunk | undefined>;
}
