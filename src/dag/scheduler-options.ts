import { DEFAULT_POLICY, livePolicyOf, type CreatePolicy } from './policy.js';
import { DEFAULT_CONCURRENCY, type CompensatedEnd, type Dag, type Task } from './dag.js';
import { traitsOf, type TaskTraits } from './task-traits.js';
import { DEFAULT_PLACEMENT, type CreatePlacement, type PlacementName } from './placement.js';
import type { PolicySettings } from './policy-settings.js';
import type { PoolSize } from './pools.js';
import type { Admit, FactsOf } from './walk.js';

/** What a scheduler asks of its host while it handles an event. The same events must get the same answers. */
export interface SchedulerHost {
  readonly createPolicy: CreatePolicy;
  /** What a task's own condition says when it could start. Default: `start`. */
  readonly admit?: Admit;
  /** Whether one more task that takes a slot may start now, where runs share their slots. Default: always. */
  readonly hasRoom?: () => boolean;
  /** What is known of a task only once it could start. Default: nothing. */
  readonly factsOf?: FactsOf;
  /** Milliseconds that a task is thought to take, by its name, where the dag does not say. Default: not known. */
  readonly estimateOf?: (task: string) => number | undefined;
  /** Default: tasks are given no worker group. */
  readonly createPlacement?: CreatePlacement;
  /** Whether it asks for leases of pools that runs share. Default: they are as the run's own. */
  readonly leases?: boolean;
  /** Asked where a task that goes first lacks a pool: whether those behind it that lack nothing pass it at once. Default: yes. */
  readonly smallerPass?: () => boolean;
  /** What placements draw random numbers from. Default 0. */
  readonly seed?: number;
}

/** How a run is walked. */
export interface SchedulerOptions extends SchedulerHost {
  /** Tasks in flight at once, at least 1. */
  readonly concurrency: number;
  /** After the first failure no task starts any more. Default false. */
  readonly failFast?: boolean;
  /** Milliseconds from the run's begin after which it is stopped and ends `timed_out`. Default: none. */
  readonly timeout?: number;
  /** What is to be known of each task, by index. Default: nothing special. */
  readonly traits?: (task: number) => TaskTraits;
  /** After which ends of its tasks a run undoes what it can. Default: none. */
  readonly compensateOn?: readonly CompensatedEnd[];
  /** Which ready task goes first when slots are scarce. Default `fcfs`. */
  readonly policy?: string;
  /** What policies go by beside the tasks. Default: nothing. */
  readonly policySettings?: PolicySettings;
  /** Nothing starts before `run.admitted`. Default false. */
  readonly heldBack?: boolean;
  /** The pools, by name. Default: none. */
  readonly pools?: Readonly<Record<string, PoolSize>>;
  /** Which worker group gets a task. Default: tasks are given none. */
  readonly placement?: PlacementName;
}

/** How a dag that was checked before is walked. */
export function schedulerOptionsOf(dag: Dag, host: SchedulerHost): SchedulerOptions {
  const placement = placementOf(dag);
  const onlyAsking = placement !== undefined && dag.placement === undefined;
  return {
    ...host,
    concurrency: dag.concurrency ?? DEFAULT_CONCURRENCY,
    failFast: dag.failFast ?? false,
    ...(dag.timeout === undefined ? {} : { timeout: dag.timeout }),
    traits: (task) => expectedTraitsOf(dag.tasks[task]!, host, onlyAsking),
    compensateOn: dag.compensateOn ?? ['failed', 'cancelled', 'timed_out'],
    policy: livePolicyOf(dag.policy ?? DEFAULT_POLICY),
    policySettings: dag,
    ...(dag.pools === undefined ? {} : { pools: dag.pools }),
    ...(placement === undefined ? {} : { placement }),
    ...(dag.maxRuns !== undefined && host.leases === true ? { heldBack: true } : {}),
  };
}

/** What is known of the task. `onlyAsking`: only tasks that ask something of a worker group are placed in one. */
export function placedTraitsOf(task: Task, onlyAsking: boolean): TaskTraits {
  const traits = traitsOf(task);
  return onlyAsking && task.requires === undefined ? { ...traits, elsewhere: true } : traits;
}

/**
 * What is known of the task, with what was learned of it where the dag does not say.
 * @param onlyAsking Whether only tasks that ask something of a worker group are placed in one.
 */
function expectedTraitsOf(task: Task, { estimateOf }: SchedulerHost, onlyAsking: boolean): TaskTraits {
  const traits = placedTraitsOf(task, onlyAsking);
  const estimate = traits.estimate ?? estimateOf?.(task.name);
  return estimate === undefined ? traits : { ...traits, estimate };
}

/** The placement of the dag's tasks: its own, else that of those with `requires`; undefined where none is placed. */
export function placementOf(dag: Dag): PlacementName | undefined {
  const asks = dag.tasks.some(({ requires }) => requires !== undefined);
  return dag.placement ?? (asks ? DEFAULT_PLACEMENT : undefined);
}

/** Whether some task of the dag goes to the workers without a group. */
export function needsUngrouped(dag: Dag): boolean {
  if (dag.placement !== undefined) return false;
  // A task that is a run of its own has tasks of its own.
  return dag.tasks.length === 0 || dag.tasks.some((task) => task.requires === undefined);
}
