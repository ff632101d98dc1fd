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
}
