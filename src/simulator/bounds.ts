import { graphOf, neighbours, topologicalOrder } from '../dag/graph.js';
import type { TriggerRule } from '../dag/trigger-rule.js';
import type { ScheduledRun, ScheduledTask } from './schedule.js';

/** Below which no schedule of a run can come. Milliseconds. */
export interface Bounds {
  /** The longest path through the dag, each task on the fastest slot. */
  readonly criticalPath: number;
  /** All the work, spread evenly over the slots. */
  readonly workPerSlot: number;
  /** The greater of the two. */
  readonly lowerBound: number;
}

/** With these a task may start though a task that it needs has not ended. */
const EARLY: readonly TriggerRule[] = ['one_failed', 'one_success', 'one_done', 'always'];

/** The bounds for what a run had to do: what failed, or was left out, counts as far as it went. */
export function boundsOf(run: ScheduledRun, speeds: readonly number[]): Bounds {
  const criticalPath = criticalPathOf(run, speeds[0] ?? 1);
  const usable = speeds.slice(0, run.most);
  const power = usable.reduce((sum, speed) => sum + speed, 0);
  let work = 0;
  let held = 0;
  for (const task of run.tasks) {
    if (task.slot === undefined) continue;
    work += task.work;
    held += task.work / (speeds[0] ?? 1) + task.waits;
  }
  // Milliseconds are whole, so the least that is possible is, too.
  const workPerSlot = Math.ceil(round(Math.max(work / power, held / usable.length)));
  return { criticalPath, workPerSlot, lowerBound: Math.max(criticalPath, workPerSlot) };
}

function criticalPathOf(run: ScheduledRun, fastest: number): number {
  const { dag } = run.plan;
  const graph = graphOf(dag);
  const own = new Map<number, Done>();
  const items = new Map<number, number[]>();
  for (const task of wholeTasks(run.tasks)) {
    if (task.item !== undefined && task.of !== undefined) {
      const siblings = items.get(task.of) ?? [];
      siblings.push(leastOf(task, fastest));
      items.set(task.of, siblings);
    } else own.set(task.task, task);
  }
  const ends = new Float64Array(graph.size);
  // What is done at the end whatever happens starts after all else has ended.
  for (const last of [false, true]) {
    const base = last ? ends.reduce((a, b) => Math.max(a, b), 0) : 0;
    for (const index of topologicalOrder(graph)) {
      const task = dag.tasks[index]!;
      if ((task.finally === true) !== last) continue;
      const needed = [...neighbours(graph.dependencies, index)].map((other) => ends[other]!);
      const scheduled = own.get(index);
      const waitsForAll = scheduled !== undefined && !EARLY.includes(task.triggerRule ?? 'all_success');
      const least = needed.length === 0 || task.triggerRule === 'always' ? 0 : Math.min(...needed);
      const begin = Math.max(base, waitsForAll ? needed.reduce((a, b) => Math.max(a, b), 0) : least);
      ends[index] = begin + (scheduled === undefined ? 0 : leastOf(scheduled, fastest, items.get(index)));
    }
  }
  return ends.reduce((a, b) => Math.max(a, b), 0);
}

/** What a task did in all its starts. */
type Done = Pick<ScheduledTask, 'task' | 'item' | 'of' | 'slot' | 'work' | 'waits'>;

/** Those that were stopped to go on later, in one. */
function wholeTasks(tasks: readonly ScheduledTask[]): Iterable<Done> {
  const whole = new Map<number, Done>();
  for (const task of tasks) {
    const before = whole.get(task.task);
    const [work, waits] = [task.work + (before?.work ?? 0), task.waits + (before?.waits ?? 0)];
    whole.set(task.task, before === undefined ? task : { ...task, work, waits });
  }
  return whole.values();
}

/** The least that a task can take. */
function leastOf(task: Done, fastest: number, items?: readonly number[]): number {
  if (items !== undefined) return items.reduce((a, b) => Math.max(a, b), 0);
  return Math.ceil(round(task.work / (task.slot === undefined ? 1 : fastest))) + task.waits;
}

/** Without the error of adding speeds. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
