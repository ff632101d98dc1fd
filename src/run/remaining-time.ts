import type { WaitWith } from '../dag/control.js';
import { isHandled, type Dag } from '../dag/dag.js';
import type { Scheduler } from '../dag/scheduler.js';
import { HOLD } from '../dag/task-table.js';
import { itemHoldOf, STAGES } from '../dag/task-traits.js';
import { remainingTime } from '../estimate/remaining.js';
import type { WaitDescription } from './run.js';

/** What is asked of a run to estimate its end. */
export interface RemainingFacts {
  readonly dag: Dag;
  readonly scheduler: Scheduler;
  readonly controls: { waitsFor(task: number): WaitDescription | undefined };
}

/** Of the open tasks that take slots, this share at least must have estimates of their own. */
const LEAST_KNOWN = 0.5;

/**
 * When the run is thought to end, in milliseconds. Undefined where that cannot be told: the run does not go on, a task of
 * it is paused, one waits for an event or a person, or too few have an estimate.
 *
 * It goes by what the run knew at its latest event, for it has no clock: where tasks take longer than thought, the end
 * may lie in the past. A fan-out counts as one item until it has fanned out. What other runs take of shared slots does
 * not count, nor do the rates of pools, nor what is undone once the run has failed.
 */
export function estimatedEnd(run: RemainingFacts): number | undefined {
  const { scheduler } = run;
  if (scheduler.state !== 'running' || scheduler.failing) return undefined;
  const stages = openTasks(run);
  if (stages === undefined) return undefined;
  const { tasks, graph } = scheduler;
  const at = latestMoment(scheduler);
  const work = {
    graph,
    slots: scheduler.concurrency,
    remainingOf: (task: number) => remainingAt(run, task, at),
    isUnderWay: (task: number) => tasks.isUnderWay(task),
    takesSlot: (task: number) => takesSlot(run, task),
    parentOf: (task: number) => tasks.parent[task]!,
    ...limitsOf(scheduler),
  };
  const end = stages.reduce((time, open) => time + remainingTime({ ...work, open }), at);
  return end <= LATEST ? end : undefined;
}

/** Milliseconds of slots that the run is thought to take still. */
export function remainingWork({ tasks, ready }: Scheduler): number {
  let work = 0;
  for (let task = 0; task < tasks.size; task++) {
    if (!tasks.hasEnded(task) && tasks.hold[task] !== HOLD.nothing) work += ready.facts.remainingOf(task);
  }
  return work;
}

/** The last moment that a date can be. */
const LATEST = 8.64e15;

/** By stage; undefined where somebody else decides when they end, or nobody knows how long they take. */
function openTasks(run: RemainingFacts): number[][] | undefined {
  const { dag, scheduler, controls } = run;
  const { tasks, ready } = scheduler;
  const stages: number[][] = STAGES.map(() => []);
  let work = 0;
  let known = 0;
  for (let task = 0; task < dag.tasks.length; task++) {
    if (tasks.hasEnded(task)) continue;
    const wait = tasks.is(task, 'waiting') ? controls.waitsFor(task)?.kind : undefined;
    if (tasks.paused[task] === 1 || wait === 'event' || wait === 'approval') return undefined;
    stages[tasks.stage[task]!]!.push(task);
    if (!takesSlot(run, task)) continue;
    work += 1;
    if (ready.facts.traitsLike(task).estimate !== undefined) known += 1;
  }
  return known < work * LEAST_KNOWN ? undefined : stages;
}

function takesSlot({ dag, scheduler }: RemainingFacts, task: number): boolean {
  const { tasks } = scheduler;
  if (tasks.is(task, 'waiting')) return false;
  // It stands for its items until there are some.
  if (tasks.hold[task] === HOLD.nothing)
    return isToFanOut(dag, scheduler, task) && itemHoldOf(dag.tasks[task]!) !== 'nothing';
  return true;
}

function isToFanOut(dag: Dag, scheduler: Scheduler, task: number): boolean {
  const { forEach, made } = dag.tasks[task]!;
  return forEach !== undefined && made === undefined && scheduler.itemsOf(task) === undefined;
}

function remainingAt({ dag, scheduler }: RemainingFacts, task: number, at: number): number {
  const { tasks, ready } = scheduler;
  const definition = dag.tasks[task]!;
  if (tasks.is(task, 'waiting')) {
    const due = tasks.dueAt[task]!;
    return Number.isNaN(due) ? 0 : Math.max(0, due - at);
  }
  if (scheduler.itemsOf(task) !== undefined) return 0;
  if (isHandled(definition) || definition.uses === 'dag') {
    return tasks.is(task, 'running') ? ready.remainingAt(task, at) : ready.facts.remainingOf(task);
  }
  const { for: length } = definition.with as unknown as Partial<Extract<WaitWith, { for: unknown }>>;
  return definition.estimate ?? (definition.uses === 'wait' && typeof length === 'number' ? length : 0);
}

/** What tasks hold beside their slots: of the run's pools, and of how many items of a fan-out may be in flight. */
function limitsOf(scheduler: Scheduler): {
  readonly limits: readonly number[];
  readonly holds: (task: number) => readonly (readonly [limit: number, amount: number])[];
} {
  const { tasks, ready } = scheduler;
  const limits: number[] = [];
  const pools = new Map(
    Object.entries(ready.pools.use()).map(([name, { slots = Infinity }]) => [name, limits.push(slots) - 1]),
  );
  const fanOuts = new Map<number, number>();
  const limitOf = (parent: number): number | undefined => {
    const most = parent === -1 ? Infinity : (scheduler.itemsOf(parent)?.maxParallel ?? Infinity);
    if (most === Infinity) return undefined;
    const known = fanOuts.get(parent) ?? limits.push(most) - 1;
    fanOuts.set(parent, known);
    return known;
  };
  for (let task = 0; task < tasks.size; task++) limitOf(tasks.parent[task]!);
  const holds = (task: number): readonly (readonly [limit: number, amount: number])[] => {
    const own = ready.pools.demandsOf(task).map(({ name, slots }) => [pools.get(name)!, slots] as const);
    const limit = limitOf(tasks.parent[task]!);
    return limit === undefined ? own : [...own, [limit, 1]];
  };
  return { limits, holds };
}

/** When the run last heard of anything that matters here. */
function latestMoment({ runBeganAt = 0, tasks }: Scheduler): number {
  let latest = runBeganAt;
  for (const times of [tasks.readyAt, tasks.startedAt, tasks.endedAt]) {
    for (const at of times) if (at > latest) latest = at;
  }
  return latest;
}
