import { setTimeout as delay } from 'node:timers/promises';
import { DagwrightError } from '../dag/errors.js';
import type { Run, TaskDescription } from '../run/run.js';
import { isTaskEnd } from '../dag/task-state.js';
import type { LogCopier, LoggedTask } from './copy-log.js';
import { taskNotFound } from './task-not-found.js';

/** Looks at the run cost the server and the worker as many tasks as there are: with many, they come less often. */
const LOOK_MS_PER_TASK = 0.2;
const LONGEST_LOOK_MS = 5_000;

/** The part of a run that says whether a log goes on. */
export type LookedAt = Pick<Run, 'runId' | 'describe'>;

/** How a log is followed. */
export interface FollowOptions {
  /** Aborted where nobody wants to follow any more. */
  readonly signal: AbortSignal;
  /** Says what it waits for. */
  readonly say: (line: string) => void;
  /** Milliseconds between two looks at the log. Default 250. */
  readonly logInterval?: number;
  /** Milliseconds between two looks at the run, at least. Default 1,000. */
  readonly runInterval?: number;
}

/**
 * Copies a task's log until the task has ended, through further attempts.
 * @returns the task as it was seen last; undefined where the run was ended from outside before that.
 * @throws DagwrightError RUN_NOT_FOUND, TASK_NOT_FOUND. Any other error of a look is only said, and tried again.
 */
export async function followLog(
  copier: LogCopier,
  run: LookedAt,
  logged: LoggedTask,
  options: FollowOptions,
): Promise<TaskDescription | undefined> {
  const { signal, say, logInterval = 250, runInterval = 1_000 } = options;
  let nextLook = 0;
  let said = '';
  let latest: TaskDescription | undefined;
  for (let isOver = false; ;) {
    const wasOver = isOver;
    await copier.copy();
    // All that was written before the task ended has been copied by now.
    if (wasOver || signal.aborted) return latest;
    if (Date.now() >= nextLook) {
      const look = await lookAt(run, logged.task);
      if (look === undefined) isOver = true;
      else {
        nextLook = Date.now() + Math.max(runInterval, look.wait);
        latest = look.task ?? latest;
        isOver = latest !== undefined && isEnded(latest, logged);
        const note = look.problem ?? (copier.found || latest === undefined ? '' : waitingNote(latest));
        if (note !== said && note !== '' && !isOver) say(note);
        said = note;
      }
    }
    if (!isOver) await delay(logInterval, undefined, { signal }).catch(() => undefined);
  }
}

/** One look at a run. */
export interface Look {
  readonly task?: TaskDescription;
  /** Why nothing was seen, for a person. */
  readonly problem?: string;
  /** Milliseconds that a look at this run is worth waiting for. */
  readonly wait: number;
}

/**
 * The task now; undefined where the run was ended from outside, so that nothing goes on.
 * @throws DagwrightError RUN_NOT_FOUND, TASK_NOT_FOUND
 */
export async function lookAt(run: LookedAt, name: string): Promise<Look | undefined> {
  try {
    const { tasks } = await run.describe();
    const task = tasks.find((candidate) => candidate.name === name);
    if (task === undefined) throw taskNotFound(run.runId, name);
    return { task, wait: Math.min(LONGEST_LOOK_MS, tasks.length * LOOK_MS_PER_TASK) };
  } catch (error) {
    if (!(error instanceof DagwrightError)) throw error;
    if (error.code === 'RUN_TERMINATED') return undefined;
    if (error.code === 'RUN_NOT_FOUND' || error.code === 'TASK_NOT_FOUND') throw error;
    // It may come back; the log goes on meanwhile.
    return { problem: `Cannot look at the run now: ${error.message}`, wait: 0 };
  }
}

function isEnded(task: TaskDescription, { attempt }: LoggedTask): boolean {
  return isTaskEnd(task.state) || (attempt !== undefined && task.attempts > attempt);
}

function waitingNote(task: TaskDescription): string {
  if (task.attempts === 0 || task.worker === undefined) return `No log yet: ${task.name} is ${task.state}.`;
  return `No log here yet: ${task.name} is ${task.state}, on ${task.worker}.`;
}
