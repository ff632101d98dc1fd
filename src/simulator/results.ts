import type { PlacementName } from '../dag/placement.js';
import { mostAttempts } from '../dag/retry.js';
import { boundsOf } from './bounds.js';
import { isControl, type Plan } from './plan.js';
import type { Schedule, ScheduledRun } from './schedule.js';

/** What a policy makes of a file, as `--json` prints it. Times are in seconds. */
export interface SimulationResult {
  readonly file: string;
  readonly policy: string;
  /** Null where all slots are of one group, so that there is nothing to place. */
  readonly placement: PlacementName | null;
  /** Slots, shared by all files. */
  readonly workers: number;
  /** From the arrival of all files to the end of this one's run. */
  readonly makespan: number;
  /** Below which no schedule can come: the longest path, or the work spread evenly over the slots. */
  readonly lowerBound: number;
  /** From the run's arrival to a task's end, the mean over all tasks that took a slot. */
  readonly meanFlowTime: number;
  /** The share of the slots' time, until the end of this run, in which they did its tasks: 0 to 1. */
  readonly utilisation: number;
}

/** What a table tells beyond that. Times are in seconds. */
export interface DetailedResult extends SimulationResult {
  /**
   * From the moment in which a task could start, or was stopped for a shorter one, to its start: in all for each task that took
   * a slot, the mean.
   */
  readonly meanWaiting: number;
  readonly state: ScheduledRun['state'];
}

export function resultsOf(schedule: Schedule): DetailedResult[] {
  return schedule.runs.map((run) => resultOf(schedule, run));
}

function resultOf({ policy, placement, speeds }: Schedule, run: ScheduledRun): DetailedResult {
  const held = run.tasks.filter(({ slot }) => slot !== undefined);
  // One that was stopped to go on later ends once.
  const ended = held.filter(({ preempted }) => preempted !== true);
  const mean = (sum: number): number => (ended.length === 0 ? 0 : sum / ended.length);
  const busy = held.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
  const room = run.endedAt * speeds.length;
  return {
    file: run.plan.name,
    policy,
    placement,
    workers: speeds.length,
    makespan: seconds(run.endedAt),
    lowerBound: seconds(boundsOf(run, speeds).lowerBound),
    meanFlowTime: seconds(mean(ended.reduce((sum, { endedAt }) => sum + endedAt, 0))),
    utilisation: room === 0 ? 0 : Math.round((busy / room) * 1e6) / 1e6,
    meanWaiting: seconds(mean(held.reduce((sum, { startedAt, readyAt }) => sum + startedAt - readyAt, 0))),
    state: run.state,
  };
}

/** The figures of the field's texts, of a plan or of a run that ended. Times are in seconds. */
export interface Figures {
  /** T = C / P, the sum over all tasks: what each computes (C: seconds on a slot of speed 1), over the slots' mean speed P. */
  readonly executionTime: number;
  /** R = D / S, the sum over all dependencies: what each moves, as its `weight` says, at speed S = 1. */
  readonly transferTime: number;
  /** P(f) = 1 - prod(1 - P_i): that at least one task fails, its last attempt included. 0 to 1. */
  readonly failureProbability: number;
  /** L = sum T / sum P: the seconds that each slot of speed 1 would be busy. */
  readonly load: number;
}

/**
 * @param speeds Of the slots.
 * @param failures The probability that an attempt fails, where the plan does not know it of its tasks.
 */
export function figuresOf(plan: Plan, speeds: readonly number[], failures: number): Figures {
  const { dag, durations, items } = plan;
  const power = speeds.reduce((sum, speed) => sum + speed, 0);
  let work = 0;
  let transfer = 0;
  let survives = 1;
  dag.tasks.forEach((task, index) => {
    for (const { weight = 0 } of task.needs) transfer += weight;
    if (isControl(task)) return;
    const own = items.get(index) ?? [durations[index]!];
    work += own.reduce((sum, duration) => sum + duration, 0);
    const fails = (plan.failures?.[index] ?? failures) ** mostAttempts(dag, task);
    survives *= (1 - fails) ** own.filter((duration) => duration > 0).length;
  });
  return {
    executionTime: seconds((work * speeds.length) / power),
    transferTime: transfer,
    failureProbability: 1 - survives,
    load: seconds(work / power),
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000_000;
}

/** A figure as a program reads it. */
export interface NamedFigure {
  readonly name: string;
  readonly formula: string;
  /** Seconds, or 1 where it is a share. */
  readonly unit: 's' | '1';
  readonly value: number;
}

/** The figures by their letters. */
export function namedFigures(figures: Figures): Readonly<Record<'T' | 'R' | 'P(f)' | 'L', NamedFigure>> {
  const { executionTime, transferTime, failureProbability, load } = figures;
  return {
    T: { name: 'execution time', formula: 'C / P', unit: 's', value: executionTime },
    R: { name: 'transfer time', formula: 'D / S', unit: 's', value: transferTime },
    'P(f)': { name: 'probability of failure', formula: '1 - prod(1 - P_i)', unit: '1', value: failureProbability },
    L: { name: 'load', formula: 'sum T / sum P', unit: 's', value: load },
  };
}
