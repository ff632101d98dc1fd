import { isHandled, type Task } from './dag.js';
import type { PoolDemand } from './pools.js';
import type { TriggerRule } from './trigger-rule.js';
import type { Requirements } from './worker-group.js';

/**
 * What a started task holds. `slot`: one of the run's concurrency. `nothing`: it only waits, or its items hold what they
 * need. `run`: a slot; it is a run of its own, which is paused with this one rather than stopped.
 */
export type Hold = 'slot' | 'nothing' | 'run';

/** The stages of a run, one after the other: the dag's tasks; what undoes them, where they failed; `finally`. */
export const STAGES = ['main', 'compensation', 'finally'] as const;
export type Stage = (typeof STAGES)[number];

/** All that a scheduler knows of a task beyond its edges. */
export interface TaskTraits {
  /** Default `all_success`. */
  readonly triggerRule?: TriggerRule;
  /** It counts as a success where it fails. Default false. */
  readonly continueOnError?: boolean;
  /** Default 0. */
  readonly priority?: number;
  /** Default `slot`. */
  readonly hold?: Hold;
  /** Default `main`. */
  readonly stage?: Stage;
  /** What it needs and nobody else waits for is cancelled when it may start. Default false. */
  readonly cancelRemaining?: boolean;
  /** There is something that undoes it. Default false. */
  readonly hasCompensation?: boolean;
  /** What it holds of pools while it runs. Default: nothing. */
  readonly pools?: readonly PoolDemand[];
  /** Milliseconds that it is thought to take. Default: not known. */
  readonly estimate?: number;
  /** Milliseconds from the run's begin by which it should have ended. Default: it does not matter. */
  readonly deadline?: number;
  /** The group that it takes slots for. Default: the one of all that name none. */
  readonly group?: string;
  /** The policy `srtf` may stop it. Default false. */
  readonly preemptible?: boolean;
  /** What the worker group that runs it must have. Default: nothing. */
  readonly requires?: Requirements;
  /** No worker group runs it: it is a run of its own, or goes to a task queue of its own. Default false. */
  readonly elsewhere?: boolean;
  /** For the placement `consistent-hash`. Default: its index. */
  readonly affinity?: string;
}

/** What a scheduler must know of a task. */
export function traitsOf(task: Task): TaskTraits {
  const {
    triggerRule,
    continueOnError,
    priority,
    cancelRemaining,
    estimate,
    deadline,
    group,
    preemptible,
    requires,
    affinity,
  } = task;
  const hold = holdOf(task);
  const stage = stageOf(task);
  return {
    ...(triggerRule === undefined ? {} : { triggerRule }),
    ...(continueOnError === undefined ? {} : { continueOnError }),
    ...(priority === undefined ? {} : { priority }),
    ...(cancelRemaining === undefined ? {} : { cancelRemaining }),
    ...(hold === 'slot' ? {} : { hold }),
    ...(stage === 'main' ? {} : { stage }),
    ...(task.compensate === undefined || stage !== 'main' ? {} : { hasCompensation: true }),
    ...(task.pool === undefined ? {} : { pools: task.pool }),
    ...(estimate === undefined ? {} : { estimate }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(group === undefined ? {} : { group }),
    ...(preemptible === undefined ? {} : { preemptible }),
    ...(requires === undefined ? {} : { requires }),
    ...(affinity === undefined ? {} : { affinity }),
    ...(isHandled(task) && task.uses !== 'activity' ? {} : { elsewhere: true }),
  };
}

/** What an item of the task holds, or the task itself where it does not fan out. */
export function itemHoldOf(task: Task): Hold {
  return task.uses === 'dag' ? 'run' : isHandled(task) ? 'slot' : 'nothing';
}

function holdOf(task: Task): Hold {
  return task.forEach !== undefined && task.made === undefined ? 'nothing' : itemHoldOf(task);
}

function stageOf({ finally: last, made }: Task): Stage {
  if (made !== undefined && made.undoes === true) return 'compensation';
  return last === true ? 'finally' : 'main';
}
