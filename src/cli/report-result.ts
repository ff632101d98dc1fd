import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attemptLogPath } from '../activities/log.js';
import type { RunResult } from '../dag/run.js';
import { exitCodeOfRun } from './exit-code.js';
import { outputWidth, print } from './output.js';
import { renderSummary } from './progress/summary.js';
import type { RunEnd, RunRequest } from './run-request.js';

/** Says how a run ended, unless a program listens. */
export function reportResult(request: RunRequest, result: RunResult): RunEnd {
  if (!request.options.json) print(summaryOf(request, result));
  return { code: exitCodeOfRun(result.status), answer: result };
}

function summaryOf(request: RunRequest, result: RunResult): string {
  const { tasks } = request.dag;
  const needed = new Set(tasks.flatMap((task) => task.needs.map((dependency) => dependency.task)));
  const folder = join(request.config.stateFolder, 'logs');
  return renderSummary(result, {
    width: outputWidth(),
    color: request.live && process.stdout.hasColors(),
    leaves: tasks.filter((task) => !needed.has(task.name)).map((task) => task.name),
    logOf: (task, { attempts }) => {
      const path = attemptLogPath(folder, { runId: result.runId, task, attempt: attempts });
      return existsSync(path) ? path : undefined;
    },
  });
}
