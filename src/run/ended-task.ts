import type { TaskOutcome } from '../dag/event.js';
import type { Json } from '../dag/json.js';
import type { ArtifactRef } from '../dag/artifact.js';
import type { CacheHit } from '../dag/task-call.js';
import type { TaskError } from '../dag/task-error.js';

/** How a started task ended, as its host says. */
export interface EndedTask {
  readonly task: number;
  readonly outcome: TaskOutcome;
  readonly attempts: number;
  readonly output?: Json;
  readonly error?: TaskError;
  readonly worker?: string;
  readonly artifacts?: Readonly<Record<string, ArtifactRef>>;
  readonly cached?: CacheHit;
  /** What the attempt left last, for the one that goes on. */
  readonly checkpoint?: Json;
  /** How much of the work that checkpoint has, from 0 to 1, where the attempt said so. */
  readonly progress?: number;
  /** Milliseconds after which there is to be another attempt: the run makes those of a task that holds slots of pools. */
  readonly retryAfter?: number;
  /** No worker of its group took it in time. */
  readonly unstarted?: true;
}
