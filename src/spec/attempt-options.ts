/** A length of time, as dag files write it: `500ms`, `90s`, `10m`, `2h`, `1d`, `1h30m`. */
export type Duration = string;

/** How often, and how far apart, a failed task is tried again. */
interface RetryPolicyOptions {
  /** Attempts in all, the first included. Default 1: no retry. */
  readonly maximumAttempts?: number;
  /** The wait before the second attempt. Default `1s`. */
  readonly initialInterval?: Duration;
  /** Each wait is the one before times this. Default 2. */
  readonly backoffCoefficient?: number;
  /** No wait is longer. Default `1m`. */
  readonly maximumInterval?: Duration;
}

/** What becomes of a task by the kind of its error. A rule fits where all that it names fits; it names one thing at least. */
export interface RetryRuleOptions extends RetryPolicyOptions {
  /** Of a shell task. */
  readonly exitCode?: number | readonly number[];
  /** Codes of errors, or types of the failures of activities. */
  readonly code?: string | readonly string[];
  /** Of an HTTP answer: like `503` or `500-599`. */
  readonly status?: number | string | readonly (number | string)[];
  /** A CEL expression over `error`. */
  readonly when?: string;
  /** Default `retry`. */
  readonly then?: 'retry' | 'fail' | 'skip';
}

/** How often, and how far apart, a failed task is tried again, and what differs by the kind of error. */
export interface RetryOptions extends RetryPolicyOptions {
  /** The first that fits counts. */
  readonly rules?: readonly RetryRuleOptions[];
}

/** Time limits: a duration for one attempt, or each limit by its name. */
export type TimeoutOptions =
  | Duration
  | {
      /** One attempt. Default `1h`. */
      readonly startToClose?: Duration;
      /** All attempts together, waiting included. Default: no limit. */
      readonly scheduleToClose?: Duration;
      /** The wait for a worker. Default: no limit. */
      readonly scheduleToStart?: Duration;
      /** A worker silent for so long counts as dead. Default `10s`. */
      readonly heartbeat?: Duration;
    };
