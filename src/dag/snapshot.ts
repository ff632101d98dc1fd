import type { CompensatedEnd } from './dag.js';
import type { FanOutSnapshot } from './fan-outs.js';
import type { GroupsSnapshot } from './groups.js';
import type { Json } from './json.js';
import { TASK_STATES } from './task-state.js';
import { CODE, HOLD, STOP, type TaskTable } from './task-table.js';
import type { PoolSize } from './pools.js';
import type { PauseMode, RunEndState } from './run-state.js';
import type { FactsSnapshot } from './walk-facts.js';

/** What a run knows of its tasks, in a few bytes for each. Lists without an index go by the order of declaration. */
export interface TaskSnapshot {
  /** One character per task: the position of its state in TASK_STATES, in base 36. */
  readonly states: string;
  /** The tasks that are ready, run or wait, in the order in which they became ready. */
  readonly order: readonly number[];
  /** When each of those did: milliseconds from the run's begin. Left out where waiting does not count. */
  readonly readied?: readonly number[];
  /** The running tasks that were told to stop only to start again later. */
  readonly interrupted: readonly number[];
  /** Of each task that runs or ended by itself or was cancelled: milliseconds from the run's begin; null: never started. */
  readonly started: readonly (number | null)[];
  /** Of each ended task: milliseconds from its start, or from the run's begin where it never started. */
  readonly took: readonly number[];
  /** Running tasks that were told to end otherwise than by starting again, with how. Default: none, as of all below. */
  readonly stops?: readonly (readonly [task: number, stop: number])[];
  readonly paused?: readonly number[];
  readonly forced?: readonly number[];
  readonly declined?: readonly number[];
  readonly unneeded?: readonly number[];
  /** Milliseconds from the run's begin at which the timers of tasks fire. */
  readonly due?: readonly (readonly [task: number, at: number])[];
  /** All that are not 0. Default: the dag's. */
  readonly priorities?: readonly (readonly [task: number, priority: number])[];
}

/** A scheduler between two events: plain JSON. */
export interface Snapshot extends TaskSnapshot {
  readonly version: 1;
  readonly beganAt: number | null;
  readonly endedAt: number | null;
  readonly pauseMode: PauseMode | null;
  /** How the run will end, where it was stopped. */
  readonly stop: 'cancelled' | 'timed_out' | null;
  /** A failure has come, and `failFast` holds. */
  readonly failing: boolean;
  /** Whether the run's timer is set. */
  readonly timer: boolean;
  readonly end: RunEndState | null;
  /** Milliseconds; when the pause ends by itself. */
  readonly resumeAt?: number;
  /** Default: the dag's, as of the policy. */
  readonly concurrency?: number;
  readonly policy?: string;
  /** What the policy remembers of what it gave. Default: nothing. */
  readonly policyMemory?: Json;
  /** Nothing starts before the run is admitted. Default false. */
  readonly heldBack?: true;
  /** Pools that an operator gave another size. */
  readonly resized?: Readonly<Record<string, PoolSize>>;
  /** Milliseconds; when the rate of a pool lets more start. */
  readonly poolTimerAt?: number;
  /** By pool with a rate: when each slot was taken that it still counts. */
  readonly rates?: Readonly<Record<string, readonly number[]>>;
  /** Ready tasks that something else than a pool of the run keeps, with what. */
  readonly parked?: readonly (readonly [task: number, place: string])[];
  /** Tasks for which leases were asked, and those that have theirs. */
  readonly leases?: { readonly wanted: readonly number[]; readonly held: readonly number[] };
  readonly facts?: FactsSnapshot;
  readonly groups?: GroupsSnapshot;
  readonly placementMemory?: Json;
  /** Waiting tasks for which a running one was stopped. */
  readonly stoppedFor?: readonly number[];
  /** How the run's own tasks came out, once they have ended. */
  readonly outcome?: RunEndState;
  /** The position in STAGES of the stage that the run is in. Default 0. */
  readonly stage?: number;
  readonly compensateOn?: readonly CompensatedEnd[];
  readonly fanOuts?: readonly FanOutSnapshot[];
}

/** The states of tasks that may have a start. */
function mayHaveStarted(state: number): boolean {
  return (
    state === CODE.running ||
    state === CODE.waiting ||
    state === CODE.succeeded ||
    state === CODE.failed ||
    state === CODE.cancelled ||
    state === CODE.skipped
  );
}

/** @param withWaits Whether a policy goes by how long tasks have waited. */
export function writeTasks(tasks: TaskTable, beganAt: number, withWaits = false): TaskSnapshot {
  const states: string[] = [];
  const order: number[] = [];
  const interrupted: number[] = [];
  const started: (number | null)[] = [];
  const took: number[] = [];
  const stops: [number, number][] = [];
  const paused: number[] = [];
  const forced: number[] = [];
  const declined: number[] = [];
  const unneeded: number[] = [];
  const due: [number, number][] = [];
  const priorities: [number, number][] = [];
  for (let task = 0; task < tasks.size; task++) {
    const state = tasks.state[task]!;
    states.push(state.toString(36));
    if (state === CODE.ready || tasks.isUnderWay(task)) order.push(task);
    if (tasks.stop[task] === STOP.again) interrupted.push(task);
    else if (tasks.stop[task] !== STOP.none) stops.push([task, tasks.stop[task]!]);
    if (tasks.paused[task] === 1) paused.push(task);
    if (tasks.forced[task] === 1) forced.push(task);
    if (tasks.declined[task] === 1) declined.push(task);
    if (tasks.unneeded[task] === 1) unneeded.push(task);
    if (!Number.isNaN(tasks.dueAt[task]!)) due.push([task, tasks.dueAt[task]! - beganAt]);
    if (tasks.priority[task] !== 0) priorities.push([task, tasks.priority[task]!]);
    const startedAt = tasks.startedAt[task]!;
    if (mayHaveStarted(state)) started.push(Number.isNaN(startedAt) ? null : startedAt - beganAt);
    if (state >= CODE.succeeded) took.push(tasks.endedAt[task]! - (Number.isNaN(startedAt) ? beganAt : startedAt));
  }
  order.sort((a, b) => tasks.sequence[a]! - tasks.sequence[b]!);
  return {
    states: states.join(''),
    order,
    ...(withWaits ? { readied: order.map((task) => tasks.readyAt[task]! - beganAt) } : {}),
    interrupted,
    started,
    took,
    ...(stops.length === 0 ? {} : { stops }),
    ...(paused.length === 0 ? {} : { paused }),
    ...(forced.length === 0 ? {} : { forced }),
    ...(declined.length === 0 ? {} : { declined }),
    ...(unneeded.length === 0 ? {} : { unneeded }),
    ...(due.length === 0 ? {} : { due }),
    priorities,
  };
}

/** @throws Error where the snapshot is of another version or graph. The ends of dependencies are for the caller to count. */
export function readTasks(snapshot: Snapshot, tasks: TaskTable): void {
  if (snapshot.version !== 1) throw new Error(`A snapshot of version ${String(snapshot.version)} cannot be read.`);
  if (snapshot.states.length !== tasks.size) {
    throw new Error(`The snapshot has ${snapshot.states.length} tasks, the dag ${tasks.size}.`);
  }
  const beganAt = snapshot.beganAt ?? NaN;
  let started = 0;
  let took = 0;
  tasks.counts.fill(0);
  for (let task = 0; task < tasks.size; task++) {
    const state = Number.parseInt(snapshot.states.charAt(task), 36);
    if (!(state < TASK_STATES.length)) throw new Error(`The snapshot has no state for task ${task}.`);
    tasks.state[task] = state;
    tasks.counts[state]!++;
    if (state === CODE.running && tasks.hold[task] !== HOLD.nothing) tasks.slots++;
    const offset = mayHaveStarted(state) ? (snapshot.started[started++] ?? null) : null;
    if (offset !== null) tasks.startedAt[task] = beganAt + offset;
    if (state >= CODE.succeeded) tasks.endedAt[task] = beganAt + (offset ?? 0) + (snapshot.took[took++] ?? NaN);
  }
  snapshot.order.forEach((task, sequence) => {
    tasks.sequence[task] = sequence;
    tasks.readyAt[task] = beganAt + (snapshot.readied?.[sequence] ?? 0);
  });
  for (const task of snapshot.interrupted) tasks.stop[task] = STOP.again;
  for (const [task, stop] of snapshot.stops ?? []) tasks.stop[task] = stop;
  for (const task of snapshot.paused ?? []) tasks.paused[task] = 1;
  for (const task of snapshot.forced ?? []) tasks.forced[task] = 1;
  for (const task of snapshot.declined ?? []) tasks.declined[task] = 1;
  for (const task of snapshot.unneeded ?? []) tasks.unneeded[task] = 1;
  for (const [task, at] of snapshot.due ?? []) tasks.dueAt[task] = beganAt + at;
  // A snapshot without them is of a time when nobody could change them: they are the dag's.
  if (snapshot.priorities !== undefined) tasks.priority.fill(0);
  for (const [task, priority] of snapshot.priorities ?? []) tasks.priority[task] = priority;
}
