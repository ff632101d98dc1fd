import type { CreatePolicy } from './policy.js';
import { DEFAULT_CONCURRENCY, type CompensatedEnd, type Dag } from './dag.js';
import { traitsOf, type TaskTraits } from './task-traits.js';
import type { PolicySettings } from './policy-settings.js';
import type { Admit } from './walk.js';

/** How a run is walked. */
export interface SchedulerOptions {
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
  /** What a task's own condition says when it could start. Default: `start`. */
  readonly admit?: Admit;
  /** Which ready task goes first when slots are scarce. Default `fcfs`. */
  readonly policy?: string;
  /** What policies go by beside the tasks. Default: nothing. */
  readonly policySettings?: PolicySettings;
  readonly createPolicy: CreatePolicy;
}

/** How a dag that was checked before is walked. */
export function schedulerOptionsOf(dag: Dag, createPolicy: CreatePolicy, admit: Admit | undefined): SchedulerOptions {
  return {
    concurrency: dag.concurrency ?? DEFAULT_CONCURRENCY,
    failFast: dag.failFast ?? false,
    ...(dag.timeout === undefined ? {} : { timeout: dag.timeout }),
    traits: (task) => traitsOf(dag.tasks[task]!),
    compensateOn: dag.compensateOn ?? ['failed', 'cancelled', 'timed_out'],
    policy: dag.policy ?? 'fcfs',
    policySettings: dag,
    ...(admit === undefined ? {} : { admit }),
    createPolicy,
  };
}
