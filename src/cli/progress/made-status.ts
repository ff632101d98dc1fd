import type { Dag } from '../../dag/dag.js';
import type { RunResult, RunDescription } from '../../run/run.js';
import { isTaskEnd, type TaskState } from '../../dag/task-state.js';

/** A run of which nothing is known yet, so that there is something to see before the first look. */
export function statusOfStart(dag: Dag, runId: string, now: number): RunDescription {
  return {
    runId,
    dag: dag.name,
    state: 'running',
    startedAt: new Date(now).toISOString(),
    counts: { pending: dag.tasks.length },
    tasks: dag.tasks.map(({ name, needs, finally: isLast }) => ({
      name,
      state: 'pending',
      attempts: 0,
      ...(needs.length === 0 ? {} : { needs: needs.map(({ task }) => task) }),
      ...(isLast === undefined ? {} : { finally: isLast }),
    })),
  };
}

/** The status with what its tasks need, when they run and which runs they are, where that is known of an earlier one only. */
export function withFactsOf(status: RunDescription, earlier: RunDescription | undefined): RunDescription {
  const known = new Map(earlier?.tasks.map((task) => [task.name, task]));
  const tasks = status.tasks.map((task) => {
    const { needs, finally: isLast, subRun } = known.get(task.name) ?? {};
    return {
      ...(needs === undefined ? {} : { needs }),
      ...(isLast === undefined ? {} : { finally: isLast }),
      ...(subRun === undefined ? {} : { subRun }),
      ...task,
    };
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
  const { status, outputs: _outputs, ...run } = result;
  return withFanOuts({ ...run, state: status, counts, tasks });
}

/** The status with how many items each task had that fanned out: of an ended run, only the items themselves are known. */
export function withFanOuts(status: RunDescription): RunDescription {
  const fanOuts = new Map<string, { items: number; ended: number; failed: number }>();
  for (const { item, state } of status.tasks) {
    if (item === undefined) continue;
    const fanOut = fanOuts.get(item.of) ?? { items: 0, ended: 0, failed: 0 };
    fanOut.items += 1;
    if (isTaskEnd(state)) fanOut.ended += 1;
    if (state === 'failed') fanOut.failed += 1;
    fanOuts.set(item.of, fanOut);
  }
  if (fanOuts.size === 0) return status;
  const tasks = status.tasks.map((task) => {
    const fanOut = task.fanOut ?? fanOuts.get(task.name);
    return fanOut === undefined ? task : { ...task, fanOut };
  });
  return { ...status, tasks };
}
