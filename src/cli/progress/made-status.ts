import type { Dag } from '../../dag/dag.js';
import type { RunResult, RunDescription } from '../../run/run.js';
import type { TaskState } from '../../dag/task-state.js';

/** A run of which nothing is known yet, so that there is something to see before the first look. */
export function statusOfStart(dag: Dag, runId: string, now: number): RunDescription {
  return {
    runId,
    dag: dag.name,
    state: 'running',
    startedAt: new Date(now).toISOString(),
    counts: { pending: dag.tasks.length },
    tasks: dag.tasks.map(({ name, needs }) => ({
      name,
      state: 'pending',
      attempts: 0,
      ...(needs.length === 0 ? {} : { needs: needs.map(({ task }) => task) }),
    })),
  };
}

/** The status with what its tasks need, where that is known of an earlier one only. */
export function withNeedsOf(status: RunDescription, earlier: RunDescription | undefined): RunDescription {
  const known = new Map(earlier?.tasks.map((task) => [task.name, task.needs]));
  const tasks = status.tasks.map((task) => {
    const needs = task.needs ?? known.get(task.name);
    return needs === undefined ? task : { ...task, needs };
  });
  return { ...status, tasks };
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
