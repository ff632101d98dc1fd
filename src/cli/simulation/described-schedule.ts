import type { RunDescription, TaskDescription, TaskStart } from '../../run/run.js';
import type { TaskState } from '../../dag/task-state.js';
import type { ScheduledRun, ScheduledTask } from '../../simulator/schedule.js';

/**
 * A simulated run as if it had run, for charts. Where tasks are placed, the name tells the group.
 * @param begins Milliseconds: when it would have begun.
 */
export function describeSchedule(run: ScheduledRun, policy: string, begins: number): RunDescription {
  const at = (milliseconds: number): string => new Date(begins + milliseconds).toISOString();
  const timesOf = ({ startedAt, endedAt }: ScheduledTask): TaskStart => ({
    startedAt: at(startedAt),
    endedAt: at(endedAt),
  });
  const counts: Partial<Record<TaskState, number>> = {};
  const { tasks: declared } = run.plan.dag;
  const starts = new Map<number, ScheduledTask[]>();
  for (const piece of run.tasks) starts.set(piece.task, [...(starts.get(piece.task) ?? []), piece]);
  const items = itemsOf(run.tasks);
  const tasks: TaskDescription[] = [];
  for (const pieces of starts.values()) {
    const last = pieces.at(-1)!;
    const groups = [...new Set(pieces.flatMap((piece) => piece.group ?? []))];
    const name = groups.length === 0 ? last.name : `${last.name} · ${groups.join(', ')}`;
    const state = last.preempted === true ? 'cancelled' : last.state;
    counts[state] = (counts[state] ?? 0) + 1;
    const parent = last.item === undefined || last.of === undefined ? undefined : declared[last.of]?.name;
    const fanOut = items.get(last.task);
    tasks.push({
      name,
      state,
      attempts: last.attempts,
      ...timesOf(last),
      ...(pieces.length === 1 ? {} : { earlierStarts: pieces.slice(0, -1).map(timesOf) }),
      ...(last.group === undefined ? {} : { group: last.group }),
      ...(fanOut === undefined ? {} : { fanOut }),
      ...(last.item === undefined || parent === undefined ? {} : { item: { of: parent, index: last.item } }),
    });
  }
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

/** Of tasks that fanned out, by index. */
function itemsOf(tasks: readonly ScheduledTask[]): Map<number, NonNullable<TaskDescription['fanOut']>> {
  const items = new Map<number, NonNullable<TaskDescription['fanOut']>>();
  for (const { of, item, state, preempted } of tasks) {
    if (of === undefined || item === undefined || preempted === true) continue;
    const { ended, failed } = items.get(of) ?? { ended: 0, failed: 0 };
    items.set(of, { items: ended + 1, ended: ended + 1, failed: failed + Number(state === 'failed') });
  }
  return items;
}
