import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { folderLogStore } from '../../activities/folder-log-store.js';
import { attemptLogPath } from '../../activities/log.js';
import type { Config } from '../../config.js';
import { DagwrightError } from '../../dag/errors.js';
import type { TaskDescription } from '../../run/run.js';
import { LogCopier, type LoggedTask, type LogSink } from '../copy-log.js';
import { EXIT } from '../exit-code.js';
import { followLog, lookAt } from '../follow-log.js';
import { takeInterrupts } from '../interrupt.js';
import { printError } from '../output.js';
import { configFor, quoted, type ServerFlags } from '../server-flags.js';
import { terminalFilter } from '../terminal-filter.js';

export interface LogsOptions extends ServerFlags {
  readonly attempt?: number;
  readonly follow?: true;
}

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
  return withoutLog(logged, folder, await taskIfKnown(logged, config));
}

async function follow(copier: LogCopier, logged: LoggedTask, folder: string, config: Config): Promise<number> {
  const { connect } = await import('../server.js');
  const { client } = await connect(config);
  const interrupt = takeInterrupts();
  try {
    const { signal } = interrupt;
    const latest = await followLog(copier, client.get(logged.runId), logged, { signal, say: printError });
    if (signal.aborted) return EXIT.detached;
    return copier.found ? EXIT.succeeded : withoutLog(logged, folder, latest);
  } finally {
    interrupt.release();
    await client.close();
  }
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

/**
 * A task that ran here and wrote nothing leaves no log, and that is no error.
 * @throws DagwrightError LOG_NOT_FOUND
 */
function withoutLog(logged: LoggedTask, folder: string, task: TaskDescription | undefined): number {
  const { runId, attempt = 1 } = logged;
  const runFolder = dirname(dirname(attemptLogPath(folder, { runId, task: logged.task, attempt })));
  const ranHere = task?.worker?.endsWith(`@${hostname()}`) === true && existsSync(runFolder);
  if (!ranHere || task === undefined || task.attempts < attempt) throw notFound(logged, folder, task);
  printError(`${logged.task} has written nothing: it is ${task.state}.`);
  return EXIT.succeeded;
}

function notFound(
  { runId, task, attempt }: LoggedTask,
  folder: string,
  found: TaskDescription | undefined,
): DagwrightError {
  const what = attempt === undefined ? `the task ${task}` : `attempt ${attempt} of ${task}`;
  if (found?.takenOver === true) {
    return new DagwrightError('LOG_NOT_FOUND', `An earlier run did the task ${task}; this one took its output over.`, {
      hint: `\`dagwright status ${runId}\` names that run; it has the log.`,
    });
  }
  if (found?.attempts === 0) {
    return new DagwrightError('LOG_NOT_FOUND', `The task ${task} never started: it is ${found.state}.`, {
      hint: `\`dagwright explain ${runId} ${quoted(task)}\` says why.`,
    });
  }
  const where = found?.worker === undefined ? 'of the worker that ran it' : `of ${found.worker}, which ran it`;
  return new DagwrightError('LOG_NOT_FOUND', `There is no log of ${what} in ${folder}.`, {
    hint: `A task that wrote nothing leaves none. Else it is in the state folder ${where}; DAGWRIGHT_STATE names one.`,
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
