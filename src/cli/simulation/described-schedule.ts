import type { RunDescription, TaskDescription } from '../../run/run.js';
import type { TaskState } from '../../dag/task-state.js';
import type { ScheduledRun } from '../../simulator/schedule.js';

/**
 * A simulated run as if it had run, for charts.
 * @param begins Milliseconds: when it would have begun.
 */
export function describeSchedule(run: ScheduledRun, policy: string, begins: number): RunDescription {
  const at = (milliseconds: number): string => new Date(begins + milliseconds).toISOString();
  const counts: Partial<Record<TaskState, number>> = {};
  const { tasks: declared } = run.plan.dag;
  const tasks = run.tasks.map((task): TaskDescription => {
    counts[task.state] = (counts[task.state] ?? 0) + 1;
    const parent = task.of === undefined ? undefined : declared[task.of]?.name;
    return {
      name: task.name,
      state: task.state,
      attempts: task.attempts,
      startedAt: at(task.startedAt),
      endedAt: at(task.endedAt),
      ...(task.item === undefined || parent === undefined ? {} : { item: { of: parent, index: task.item } }),
    };
  });
  const { dag, name } = run.plan;
  return {
    runId: `${name} by ${policy}`,
    dag: dag.name,
    state: run.state,
    startedAt: at(0),
    endedAt: at(run.endedAt),
    policy,
    counts,
    tasks,
  };
}
