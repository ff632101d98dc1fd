import type { Items } from './fan-outs.js';
import { neighbours, type Graph } from './graph.js';
import type { ReadyTasks } from './ready-tasks.js';
import type { Policy } from './policy.js';
import { isRunEnd, type PauseMode, type RunState } from './run-state.js';
import { TASK_STATES, isTaskEnd, type TaskState } from './task-state.js';
import { CODE, HOLD, STOP, type TaskTable } from './task-table.js';
import { STAGES, type Stage } from './task-traits.js';

/** What the rules look at: all that a scheduler shows. */
export interface SchedulerFacts {
  readonly graph: Graph;
  readonly tasks: TaskTable;
  readonly concurrency: number;
  readonly ceiling: number;
  readonly policy: Policy;
  readonly state: RunState;
  readonly pauseMode: PauseMode | undefined;
  readonly resumesAt: number | undefined;
  readonly runBeganAt: number | undefined;
  readonly runEndedAt: number | undefined;
  readonly running: number;
  readonly underWay: number;
  readonly ready: Pick<ReadyTasks, 'free' | 'parked' | 'isKept' | 'awaitsOutside' | 'pools'>;
  readonly open: number;
  readonly stage: Stage;
  readonly awaitsCompensations: boolean;
  readonly isHeldBack: boolean;
  readonly failing: boolean;
  itemsOf(task: number): Readonly<Items> | undefined;
  stateOf(task: number): TaskState;
  countsAsSuccess(task: number): boolean;
}

/** @throws Error that names the first rule of a run that does not hold. */
export function checkInvariants(scheduler: SchedulerFacts): void {
  checkCounts(scheduler);
  for (let task = 0; task < scheduler.graph.size; task++) checkTask(scheduler, task);
  checkQueue(scheduler);
  checkRun(scheduler);
  checkSlots(scheduler);
}

function rule(holds: boolean, broken: () => string): void {
  if (!holds) throw new Error(`Invariant broken: ${broken()}`);
}

function checkCounts({ tasks }: SchedulerFacts): void {
  const counted = new Int32Array(TASK_STATES.length);
  for (const state of tasks.state) counted[state]!++;
  TASK_STATES.forEach((state, code) => {
    const kept = tasks.counts[code];
    rule(counted[code] === kept, () => `${counted[code]} tasks are ${state}, but ${kept} were counted.`);
  });
}

/** Whether the task may be pending though its rule lets it start: its stage has not come, or it is an item not let go. */
function isHeldBack({ tasks, stage }: SchedulerFacts, task: number): boolean {
  return tasks.stage[task]! > STAGES.indexOf(stage) || tasks.parent[task] !== -1;
}

function checkSlots({ tasks }: SchedulerFacts): void {
  const slots = [...tasks.state.keys()].filter(
    (task) => tasks.is(task, 'running') && tasks.hold[task] !== HOLD.nothing,
  );
  rule(slots.length === tasks.slots, () => `${slots.length} slots are held, but ${tasks.slots} were counted.`);
}

function checkTask(scheduler: SchedulerFacts, task: number): void {
  const { tasks } = scheduler;
  const state = tasks.state[task]!;
  const name = scheduler.stateOf(task);
  checkDependencies(scheduler, task);
  const began = scheduler.runBeganAt !== undefined;
  if (tasks.forced[task] === 0) {
    const mayRun = state === CODE.ready || tasks.isUnderWay(task) || state === CODE.succeeded || state === CODE.failed;
    const isStale = state === CODE.running && tasks.stop[task] !== STOP.none;
    const verdict = tasks.verdict(task);
    const says = (): string => `task ${task} is ${name}, but its trigger rule says ${verdict}.`;
    rule(!mayRun || isStale || verdict === 'start', says);
    rule(state !== CODE.pending || !began || verdict === 'wait' || isHeldBack(scheduler, task), says);
    rule(state !== CODE.upstream_failed || verdict === 'upstream_failed', says);
    rule(state !== CODE.skipped || verdict === (tasks.declined[task] === 1 ? 'start' : 'skipped'), says);
  }
  rule(tasks.forced[task] === 0 || state !== CODE.pending, () => `task ${task} is pending by an operator's word.`);

  const started = !Number.isNaN(tasks.startedAt[task]!);
  const isDeclined = tasks.declined[task] === 1;
  rule(
    !isDeclined || state === CODE.skipped || state === CODE.failed,
    () => `task ${task} was declined, but is ${name}.`,
  );
  const ran =
    tasks.isUnderWay(task) ||
    (state === CODE.failed && !isDeclined) ||
    (state === CODE.succeeded && tasks.forced[task] === 0);
  rule(!ran || started, () => `task ${task} is ${name}, but has no start.`);
  const mayHaveRun = ran || state === CODE.succeeded || state === CODE.cancelled || state === CODE.skipped;
  rule(mayHaveRun || !started, () => `task ${task} is ${name}, but has a start.`);
  const ended = !Number.isNaN(tasks.endedAt[task]!);
  rule(isTaskEnd(name) === ended, () => `task ${task} is ${name}, but has ${ended ? 'an' : 'no'} end.`);
  const wasTold = tasks.stop[task] !== STOP.none;
  rule(!wasTold || state === CODE.running, () => `task ${task} was told to stop, but is ${name}.`);
  rule(
    wasTold || state !== CODE.running || tasks.hold[task] !== HOLD.slot || scheduler.pauseMode !== 'interrupt',
    () => `task ${task} runs through a pause that interrupts.`,
  );
  const ordered = tasks.sequence[task]! >= 0;
  const waits = state === CODE.ready || tasks.isUnderWay(task);
  rule(!waits || ordered, () => `task ${task} is ${name}, but has no place in the order.`);
  const hasTimer = !Number.isNaN(tasks.dueAt[task]!);
  rule(!hasTimer || state === CODE.waiting, () => `task ${task} is ${name}, but has a timer.`);
  checkItems(scheduler, task);
}

/** Whether the items of a fan-out were counted as they are, and no more of them go than may. */
function checkItems(scheduler: SchedulerFacts, task: number): void {
  const { tasks } = scheduler;
  const items = scheduler.itemsOf(task);
  if (items === undefined) return;
  const states = items.tasks.slice(0, items.size).map((item) => scheduler.stateOf(item));
  const open = states.filter((state) => !isTaskEnd(state)).length;
  const active = states.filter((state) => !isTaskEnd(state) && state !== 'pending').length;
  const failed = states.filter((state) => state === 'failed').length;
  const cancelled = states.filter((state) => state === 'cancelled').length;
  rule(open === items.open, () => `${open} items of task ${task} have not ended, but ${items.open} were counted.`);
  rule(active === items.active, () => `${active} items of task ${task} go, but ${items.active} were counted.`);
  rule(cancelled === items.cancelled, () => `${cancelled} items of task ${task} were cancelled, but not so counted.`);
  rule(failed === items.failed, () => `${failed} items of task ${task} failed, but ${items.failed} were counted.`);
  rule(active <= items.maxParallel, () => `${active} items of task ${task} go, ${items.maxParallel} may.`);
  rule(open === 0 || !tasks.hasEnded(task), () => `task ${task} has ended, but ${open} of its items have not.`);
}

function hasFailure(scheduler: SchedulerFacts): boolean {
  return scheduler.tasks.state.some((state, task) => state === CODE.failed && !scheduler.countsAsSuccess(task));
}

/** Whether the ends of dependencies were counted as they are. */
function checkDependencies(scheduler: SchedulerFacts, task: number): void {
  const { graph, tasks } = scheduler;
  const counted = { done: 0, succeeded: 0, failed: 0, upstreamFailed: 0, skipped: 0 };
  for (const needed of neighbours(graph.dependencies, task)) {
    const state = scheduler.stateOf(needed);
    if (!isTaskEnd(state)) continue;
    counted.done++;
    if (state === 'skipped') counted.skipped++;
    if (scheduler.countsAsSuccess(needed)) counted.succeeded++;
    if (state === 'failed' || state === 'cancelled' || state === 'upstream_failed') counted.failed++;
    if (state === 'upstream_failed') counted.upstreamFailed++;
  }
  for (const [column, count] of Object.entries(counted) as [keyof typeof counted, number][]) {
    const kept = tasks[column][task];
    rule(count === kept, () => `of what task ${task} needs, ${count} are ${column}, but ${kept} were counted.`);
  }
}

function checkQueue(scheduler: SchedulerFacts): void {
  const { policy, tasks } = scheduler;
  const waiting = policy.waiting();
  let ready = 0;
  let free = 0;
  for (let task = 0; task < tasks.size; task++) {
    if (!tasks.is(task, 'ready') || tasks.paused[task] === 1) continue;
    if (tasks.hold[task] === HOLD.nothing) free++;
    else if (!scheduler.ready.isKept(task)) ready++;
  }
  const overdrawn = scheduler.ready.pools.overdrawn();
  rule(overdrawn.length === 0, () => `more is held of the pools ${overdrawn.join(', ')} than there is.`);
  rule(
    free === scheduler.ready.free,
    () => `${free} tasks that need no slot may start, but ${scheduler.ready.free} wait.`,
  );
  rule(waiting.length === ready, () => `${ready} tasks may start, but ${waiting.length} wait in the queue.`);
  rule(policy.size === ready, () => `${ready} tasks may start, but the queue says ${policy.size}.`);
  rule(new Set(waiting).size === waiting.length, () => 'a task waits twice in the queue.');
  for (const task of waiting) {
    rule(tasks.paused[task] === 0, () => `task ${task} waits in the queue, but is paused.`);
    rule(tasks.is(task, 'ready'), () => `task ${task} waits in the queue, but is ${tasks.stateOf(task)}.`);
  }
  for (let at = 1; at < waiting.length; at++) {
    const inOrder = tasks.sequence[waiting[at - 1]!]! < tasks.sequence[waiting[at]!]!;
    rule(inOrder, () => `tasks ${waiting[at - 1]} and ${waiting[at]} wait in the wrong order.`);
  }
}

function mayStart(tasks: TaskTable, task: number): boolean {
  return tasks.is(task, 'pending') || tasks.is(task, 'ready');
}

function checkRun(scheduler: SchedulerFacts): void {
  const { tasks, running, underWay, concurrency, ceiling, policy, state, pauseMode, runBeganAt } = scheduler;
  const { free } = scheduler.ready;
  const ready = tasks.count('ready');
  const pending = tasks.count('pending');
  rule(running <= ceiling, () => `${running} tasks run, ${ceiling} may.`);
  rule(ceiling >= concurrency, () => `${ceiling} tasks may run, ${concurrency} should be able to.`);
  rule(
    isRunEnd(state) === (scheduler.runEndedAt !== undefined),
    () => `the run is ${state}, and its end says otherwise.`,
  );
  rule(runBeganAt !== undefined || pending === tasks.size, () => 'tasks moved before the run began.');
  rule((state === 'paused') === (pauseMode !== undefined), () => `the run is ${state}, its pause ${pauseMode}.`);
  const open = underWay + ready + pending;
  rule(
    scheduler.resumesAt === undefined || pauseMode !== undefined,
    () => `the run goes on by itself at ${scheduler.resumesAt}, but is ${state}.`,
  );
  rule(!scheduler.failing || hasFailure(scheduler), () => 'a failure holds the run, but none is left.');
  rule(open > 0 || runBeganAt === undefined || isRunEnd(state), () => `all tasks have ended, but the run is ${state}.`);
  if (isRunEnd(state)) {
    rule(open === 0, () => `the run ended ${state}, but ${open} tasks did not.`);
  }
  const isMain = scheduler.stage === 'main';
  if (state === 'cancelling' && isMain) {
    const waiting = [...tasks.state.keys()].filter((task) => tasks.stage[task] === 0 && mayStart(tasks, task));
    rule(waiting.length === 0, () => `the run is cancelling, but ${waiting.length} tasks may still start.`);
    rule(underWay > 0 || scheduler.awaitsCompensations, () => 'the run is cancelling, but nothing runs.');
  }
  if ((state === 'running' || (state === 'cancelling' && !isMain)) && runBeganAt !== undefined) {
    const isHeld = (scheduler.failing && isMain) || scheduler.awaitsCompensations || scheduler.isHeldBack;
    const held = isHeld || policy.size === 0 || running >= concurrency;
    rule(held, () => `${policy.size} tasks are ready and ${concurrency - running} slots free, but none starts.`);
    rule(isHeld || free === 0, () => `${free} tasks that need no slot are ready, but none starts.`);
    const isKept = ready > policy.size + free + scheduler.ready.parked || scheduler.ready.awaitsOutside;
    // A paused task holds the run, and with it all that need it.
    const goesOn = underWay > 0 || scheduler.isHeldBack || scheduler.awaitsCompensations || isKept;
    rule(goesOn, () => 'the run goes on, but nothing runs.');
  }
  rule(open === scheduler.open, () => `${open} tasks have not ended, but ${scheduler.open} were counted.`);
}
