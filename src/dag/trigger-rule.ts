/**
 * Which ends of the tasks that it needs let a task start: Airflow's trigger rules, with their names. The position is the
 * number that the scheduler stores.
 */
export const TRIGGER_RULES = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'all_skipped',
  'one_failed',
  'one_success',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'always',
] as const;

/**
 * - `all_success` (the default): all have succeeded;
 * - `all_failed`: all have failed; `all_skipped`: all were skipped; `all_done`: all have ended, however;
 * - `all_done_min_one_success`: all have ended, none was skipped, one at least has succeeded;
 * - `one_failed`, `one_success`: as soon as one has; `one_done`: as soon as one has succeeded or failed by itself;
 * - `none_failed`: all have ended, none has failed; `none_failed_min_one_success`: and one at least has succeeded;
 * - `none_skipped`: all have ended, none was skipped; `always`: at once, whatever they do.
 */
export type TriggerRule = (typeof TRIGGER_RULES)[number];

/** How the tasks that one task needs have ended so far, in numbers. */
export interface UpstreamCounts {
  readonly total: number;
  /** Have ended. */
  readonly done: number;
  /** Count as a success: one that failed with `continueOnError` counts here and as failed. */
  readonly succeeded: number;
  /** Failed, were cancelled, or never ran because of such a one. */
  readonly failed: number;
  /** Of those, the ones that never ran because of another. */
  readonly upstreamFailed: number;
  readonly skipped: number;
}

/** What a rule says of a task: wait for more ends, start, or end without a start. */
export type Verdict = 'wait' | 'start' | 'skipped' | 'upstream_failed';

/**
 * What the rule says. Once it says other than `wait`, further ends do not change it: so the order of ends does not
 * matter. Source: Airflow's TriggerRuleDep; where that lets the order decide (a failed and a skipped task before
 * `all_success`), the failure counts here.
 */
export function verdictOf(rule: TriggerRule, upstream: UpstreamCounts): Verdict {
  const { total, done, succeeded, failed, upstreamFailed, skipped } = upstream;
  // A task that needs nothing has nothing to judge by.
  if (total === 0) return 'start';
  const all = done === total;
  switch (rule) {
    case 'all_success':
      // What counts as a success is no failure here.
      if (done - skipped > succeeded) return 'upstream_failed';
      return all ? (skipped > 0 ? 'skipped' : 'start') : 'wait';
    case 'all_failed':
      if (done > failed) return 'skipped';
      return all ? 'start' : 'wait';
    case 'all_done':
      return all ? 'start' : 'wait';
    case 'all_done_min_one_success':
      if (skipped > 0) return 'skipped';
      return all ? (succeeded > 0 ? 'start' : 'upstream_failed') : 'wait';
    case 'all_skipped':
      if (done > skipped) return 'skipped';
      return all ? 'start' : 'wait';
    case 'one_failed':
      if (failed > 0) return 'start';
      return all ? 'skipped' : 'wait';
    case 'one_success':
      if (succeeded > 0) return 'start';
      return all ? (skipped === total ? 'skipped' : 'upstream_failed') : 'wait';
    case 'one_done':
      if (done - skipped - upstreamFailed > 0) return 'start';
      return all ? 'skipped' : 'wait';
    case 'none_failed':
      if (done - skipped > succeeded) return 'upstream_failed';
      return all ? 'start' : 'wait';
    case 'none_failed_min_one_success':
      if (done - skipped > succeeded) return 'upstream_failed';
      return all ? (skipped === total ? 'skipped' : 'start') : 'wait';
    case 'none_skipped':
      if (skipped > 0) return 'skipped';
      return all ? 'start' : 'wait';
    case 'always':
      return 'start';
  }
}
