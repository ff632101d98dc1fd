import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attemptLogPath } from '../activities/log.js';
import type { Config } from '../config.js';
import type { RunResult } from '../run/run.js';
import { exitCodeOfRun } from './exit-code.js';
import { outputWidth, print } from './output.js';
import { renderSummary } from './progress/summary.js';
import type { RunEnd, RunRequest } from './run-request.js';

/** Says how a run ended, unless a program listens. */
export function reportResult(request: RunRequest, result: RunResult): RunEnd {
  // What runs at the end whatever happened tidies up: what the run made is in the tasks before.
  const tasks = request.dag.tasks.filter((task) => task.finally !== true);
  const needed = new Set(tasks.flatMap((task) => task.needs.map((dependency) => dependency.task)));
  const leaves = tasks.filter((task) => !needed.has(task.name)).map((task) => task.name);
  if (!request.options.json) print(summaryOf(result, { leaves, live: request.live, config: request.config }));
  return { code: exitCodeOfRun(result.status), answer: result };
}

/** The last words on a run, for stdout. */
export function summaryOf(
  result: RunResult,
  options: { readonly leaves: readonly string[]; readonly live: boolean; readonly config: Config },
): string {
  const folder = join(options.config.stateFolder, 'logs');
  return renderSummary(result, {
    width: outputWidth(),
    color: options.live && process.stdout.hasColors(),
    leaves: options.leaves,
    logOf: (task, { attempts }) => {
      const path = attemptLogPath(folder, { runId: result.runId, task, attempt: attempts });
      return existsSync(path) ? path : undefined;
    },
  });
}
