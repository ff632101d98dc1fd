import type { ForEach, Task } from '../dag/dag.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { Json } from '../dag/json.js';
import type { Scheduler } from '../dag/scheduler.js';
import type { TaskError } from '../dag/task-error.js';
import { CODE } from '../dag/task-table.js';
import { itemHoldOf } from '../dag/task-traits.js';
import { EXPRESSION_LIMITS } from '../expression/limits.js';
import { itemsOf } from './fan-out-items.js';
import type { GrowingDag } from './growing-dag.js';
import type { Evaluated, RunExpressions } from './run-expressions.js';

/** Items that the error of a fan-out names, and characters that it has. */
const SHOWN_ITEMS = 5;
const LONGEST_MESSAGE = 2_000;

/** What a fan-out must know of its run. */
export interface FanningRun {
  readonly growth: GrowingDag;
  readonly scheduler: Scheduler;
  readonly expressions: RunExpressions;
  readonly record: { outputOf(task: number): Json | undefined; errorOf(task: number): TaskError | undefined };
}

/**
 * A task starts to fan out: adds its items to the dag, and gives what the scheduler is to be told, or why it cannot. Of
 * items that were there before, those that succeeded with the same item stay as they are.
 */
export function startFanOut(run: FanningRun, task: number, forEach: ForEach, at: number): Evaluated<SchedulerEvent> {
  const { growth, scheduler } = run;
  const definition = growth.whole.tasks[task]!;
  const given = itemsOf(forEach, (value) =>
    run.expressions.handedOn(task, value, '`forEach`', EXPRESSION_LIMITS.items),
  );
  if ('error' in given) return given;
  const items = given.value;
  const { tasks: known = [], size: before = 0 } = scheduler.itemsOf(task) ?? {};
  const old = growth.itemsOf(task) ?? [];
  const isDone = (item: number): boolean =>
    scheduler.tasks.is(known[item]!, 'succeeded') && JSON.stringify(old[item]) === JSON.stringify(items[item]);
  const keep = items.flatMap((_, item) => (item < before && isDone(item) ? [item] : []));
  growth.setItems(task, items);
  const missing = items.length - known.length;
  if (missing > 0) growth.make({ of: definition.name, from: known.length, count: missing });
  const { maxParallel, tolerate } = definition;
  return {
    value: {
      type: 'task.fanned-out',
      at,
      task,
      items: items.length,
      hold: itemHoldOf(definition),
      ...(maxParallel === undefined ? {} : { maxParallel }),
      ...(tolerate === undefined ? {} : { tolerate: toleratedOf(tolerate, items.length) }),
      ...(keep.length === 0 ? {} : { keep }),
    },
  };
}

/** How many items may fail. */
function toleratedOf(tolerate: NonNullable<Task['tolerate']>, items: number): number {
  return 'count' in tolerate ? tolerate.count : Math.floor(tolerate.share * items);
}

/** The outputs of a task's items, in their order, null for one without. Undefined where it has none to collect. */
export function collectedOutputs({ scheduler, record }: FanningRun, task: number): readonly Json[] | undefined {
  const group = scheduler.itemsOf(task);
  // An operator's word is the output, where there was one.
  if (group === undefined || !scheduler.tasks.is(task, 'succeeded') || scheduler.tasks.forced[task] === 1) {
    return undefined;
  }
  return group.tasks.slice(0, group.size).map((item) => record.outputOf(item) ?? null);
}

/** Why a task failed that has fanned out; undefined where it has not. */
export function fanOutError({ growth, scheduler, record }: FanningRun, task: number): TaskError | undefined {
  const group = scheduler.itemsOf(task);
  if (group === undefined) return undefined;
  const { tasks, size, failed, cancelled } = group;
  const failures = tasks.slice(0, size).filter((item) => scheduler.tasks.state[item] === CODE.failed);
  const shown = failures.slice(0, SHOWN_ITEMS).map((item) => {
    const error = record.errorOf(item);
    return error === undefined ? growth.nameOf(item) : `${growth.nameOf(item)} (${error.code}: ${error.message})`;
  });
  const more = failures.length > shown.length ? `, and ${failures.length - shown.length} more` : '';
  const which = shown.length === 0 ? '' : `: ${shown.join(', ')}${more}`;
  const others = cancelled === 0 ? '' : `; ${cancelled} were not done`;
  const message = `${failed} of ${size} items failed${others}${which}`.slice(0, LONGEST_MESSAGE);
  return { code: 'FANOUT_FAILED', message, details: { items: size, failed, cancelled } };
}
