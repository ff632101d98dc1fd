import type { Dag } from '../../dag/dag.js';
import type { RunResult, RunDescription } from '../../dag/run.js';
import type { TaskState } from '../../dag/task-state.js';

/** A run of which nothing is known yet, so that there is something to see before the first look. */
export function statusOfStart(dag: Dag, runId: string, now: number): RunDescription {
  return {
    runId,
    dag: dag.name,
    state: 'running',
    startedAt: new Date(now).toISOString(),
    counts: { pending: dag.tasks.length },
    tasks: dag.tasks.map(({ name }) => ({ name, state: 'pending', attempts: 0 })),
  };
}

/** A run that has ended, as its status would show it: for the last picture, without asking a server again. */
export function statusOfResult(result: RunResult): RunDescription {
  const counts: Partial<Record<TaskState, number>> = {};
  const tasks = Object.entries(result.tasks).map(([name, task]) => {
    counts[task.status] = (counts[task.status] ?? 0) + 1;
    const { status, output: _output, outputOmitted: _omitted, ...rest } = task;
    return { name, state: status, ...rest };
  });
  const { status, ...run } = result;
  return { ...run, state: status, counts, tasks };
}
