import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { folderLogStore } from '../../activities/folder-log-store.js';
import type { RunHandle } from '../../client/run-handle.js';
import type { Config } from '../../config.js';
import { DagwrightError } from '../../dag/errors.js';
import type { TaskDescription } from '../../dag/run.js';
import { isTaskEnd } from '../../dag/task-state.js';
import { LogCopier, type LoggedTask, type LogSink } from '../copy-log.js';
import { EXIT } from '../exit-code.js';
import { takeInterrupts } from '../interrupt.js';
import { printError } from '../output.js';
import { configFor, type ServerFlags } from '../server-flags.js';
import { terminalFilter } from '../terminal-filter.js';

export interface LogsOptions extends ServerFlags {
  readonly attempt?: number;
  readonly follow?: true;
}

const LOOK_AT_LOG_MS = 250;
/** Looks at the run cost the server and the worker as many tasks as there are. */
const LOOK_AT_RUN_MS = 1_000;
const LOOK_AT_RUN_MS_PER_TASK = 0.2;
const LONGEST_LOOK_MS = 5_000;

/** `dagwright logs RUN TASK`: a log that lies here is printed without asking a server. */
export async function logs(runId: string, task: string, options: LogsOptions): Promise<number> {
  const config = configFor(options);
  const logged: LoggedTask = { runId, task, ...(options.attempt === undefined ? {} : { attempt: options.attempt }) };
  const folder = join(config.stateFolder, 'logs');
  const output = logOutput();
  const copier = new LogCopier(folderLogStore(folder), logged, output);
  try {
    if (options.follow) return await follow(copier, logged, folder, config);
    await copier.copy();
    if (copier.found) return EXIT.succeeded;
  } finally {
    await output.end();
  }
  throw notFound(logged, folder, await taskIfKnown(logged, config));
}

/** Copies until the task has ended. */
async function follow(copier: LogCopier, logged: LoggedTask, folder: string, config: Config): Promise<number> {
  const { connect } = await import('../server.js');
  const { client } = await connect(config);
  const interrupt = takeInterrupts();
  try {
    const run = client.get(logged.runId);
    let nextLook = 0;
    let said = '';
    let latest: TaskDescription | undefined;
    for (let isOver = false; ;) {
      const wasOver = isOver;
      await copier.copy();
      // What was written before the task ended is there by now.
      if (wasOver) break;
      if (interrupt.signal.aborted) return EXIT.detached;
      if (Date.now() >= nextLook) {
        const look = await lookAt(run, logged.task);
        if (look === undefined) isOver = true;
        else {
          nextLook = Date.now() + look.wait;
          latest = look.task ?? latest;
          isOver = latest !== undefined && isEnded(latest, logged);
          const note = look.note ?? (copier.found || latest === undefined ? '' : waitingNote(latest));
          if (note !== said && note !== '' && !isOver) printError(note);
          said = note;
        }
      }
      if (!isOver) await delay(LOOK_AT_LOG_MS, undefined, { signal: interrupt.signal }).catch(() => undefined);
    }
    if (!copier.found) throw notFound(logged, folder, latest);
    return EXIT.succeeded;
  } finally {
    interrupt.release();
    await client.close();
  }
}

function isEnded(task: TaskDescription, { attempt }: LoggedTask): boolean {
  return isTaskEnd(task.state) || (attempt !== undefined && task.attempts > attempt);
}

interface Look {
  readonly task?: TaskDescription;
  /** What is wrong, for a person. */
  readonly note?: string;
  /** Milliseconds until the next look. */
  readonly wait: number;
}

/** The task now; undefined where the run was ended from outside, so that nothing goes on. */
async function lookAt(run: RunHandle, name: string): Promise<Look | undefined> {
  try {
    const { tasks } = await run.describe();
    const task = tasks.find((candidate) => candidate.name === name);
    if (task === undefined) throw taskNotFound(run.runId, name);
    return { task, wait: Math.min(LONGEST_LOOK_MS, Math.max(LOOK_AT_RUN_MS, tasks.length * LOOK_AT_RUN_MS_PER_TASK)) };
  } catch (error) {
    if (!(error instanceof DagwrightError)) throw error;
    if (error.code === 'RUN_TERMINATED') return undefined;
    if (error.code === 'RUN_NOT_FOUND' || error.code === 'TASK_NOT_FOUND') throw error;
    // It may come back; the log goes on meanwhile.
    return { note: `Cannot look at the run now: ${error.message}`, wait: LONGEST_LOOK_MS };
  }
}

function waitingNote(task: TaskDescription): string {
  if (task.attempts === 0 || task.worker === undefined) return `No log yet: ${task.name} is ${task.state}.`;
  return `No log here yet: ${task.name} is ${task.state}, on ${task.worker}.`;
}

/** The task, where a server can be asked: it is no error here if none can. */
async function taskIfKnown({ runId, task: name }: LoggedTask, config: Config): Promise<TaskDescription | undefined> {
  try {
    const { connect } = await import('../server.js');
    const { client } = await connect(config);
    try {
      return (await lookAt(client.get(runId), name))?.task;
    } finally {
      await client.close();
    }
  } catch (error) {
    const code = error instanceof DagwrightError ? error.code : undefined;
    if (code === 'RUN_NOT_FOUND' || code === 'TASK_NOT_FOUND') throw error;
    return undefined;
  }
}

function notFound(
  { runId, task, attempt }: LoggedTask,
  folder: string,
  found: TaskDescription | undefined,
): DagwrightError {
  const what = attempt === undefined ? `the task ${task}` : `attempt ${attempt} of ${task}`;
  if (found?.attempts === 0) {
    return new DagwrightError('LOG_NOT_FOUND', `The task ${task} never started: it is ${found.state}.`, {
      hint: `\`dagwright explain ${runId} ${task}\` says why.`,
    });
  }
  const where = found?.worker === undefined ? 'of the worker that ran it' : `of ${found.worker}, which ran it`;
  return new DagwrightError('LOG_NOT_FOUND', `There is no log of ${what} in ${folder}.`, {
    hint: `A task that wrote nothing leaves none. Else it is in the state folder ${where}; DAGWRIGHT_STATE names one.`,
  });
}

function taskNotFound(runId: string, task: string): DagwrightError {
  return new DagwrightError('TASK_NOT_FOUND', `The run ${runId} has no task ${task}.`, {
    hint: `See its tasks with \`dagwright status ${runId}\`.`,
  });
}

/** Stdout: as it is for a pipe or a file; a terminal gets nothing that could harm it. */
function logOutput(): LogSink & { end(): Promise<void> } {
  const write = (data: Uint8Array | string): Promise<void> =>
    new Promise((resolve) => {
      process.stdout.write(data, () => resolve());
    });
  const filter = process.stdout.isTTY ? terminalFilter() : undefined;
  return {
    write: (bytes) => write(filter?.push(bytes) ?? bytes),
    say: printError,
    end: () => write(filter?.end() ?? ''),
  };
}
