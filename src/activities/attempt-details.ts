import type { Json } from '../dag/json.js';
import type { Progress } from '../dag/progress.js';
import type { TaskError } from '../dag/task-error.js';

/** What a heartbeat carries. After a failed attempt the server shows its last one until the next attempt sends its own. */
export interface HeartbeatDetails {
  readonly attempt: number;
  /** The latest report of the attempt; left out before the first. */
  readonly progress?: Progress;
  /**
   * What this attempt, or one before it in the same activity, left last; of a large one what stands for it: see
   * checkpoint-keeper.ts.
   */
  readonly checkpoint?: Json;
  /** How much of the work that checkpoint has, from 0 to 1, where the attempt said so. */
  readonly kept?: number;
}

/** What a failure carries, beside the sentence; that of a cancelled attempt has no error. */
export interface FailureDetails {
  readonly error?: TaskError;
  /** The task ends skipped. */
  readonly skip?: true;
  readonly attempt: number;
  readonly worker: string;
  /**
   * What an attempt of this activity left last, as heartbeats have it. Only where the activity ends with the failure: else the heartbeats have it,
   * and the server cuts off failures that it keeps while there are attempts to come.
   */
  readonly checkpoint?: Json;
  /** How much of the work that checkpoint has, from 0 to 1, where the attempt said so. */
  readonly progress?: number;
  /** Milliseconds after which the run is to start the task again. */
  readonly retryAfter?: number;
}
