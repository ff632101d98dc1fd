import type { RegisteredFunction } from '../activities/function.js';
import { requirePriority, type RunPriority } from '../client/run-priority.js';
import type { Config } from '../config.js';
import type { Dag } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import type { View } from './progress/view.js';
import type { ServerFlags } from './server-flags.js';

/** The flags of `dagwright run`. */
export interface RunOptions extends ServerFlags {
  readonly param?: readonly string[];
  readonly runId?: string;
  readonly local?: true;
  readonly detach?: true;
  readonly worker: boolean;
  /** Whether outputs may come from the cache. */
  readonly cache: boolean;
  /** Which run goes first: 1 to 5. */
  readonly priority?: number;
  readonly fairnessKey?: string;
  readonly fairnessWeight?: number;
  readonly onInterrupt: 'detach' | 'cancel';
  readonly functions?: readonly string[];
  readonly json?: true;
}

/** What `dagwright run` was asked to run, read and checked. */
export interface RunRequest {
  readonly dag: Dag;
  readonly params: JsonObject;
  readonly functions: readonly RegisteredFunction[];
  /** The modules that the functions came from: for the advice on how to come back. */
  readonly functionFiles: readonly string[];
  readonly options: RunOptions;
  readonly config: Config;
  readonly view: View;
  /** Whether the view redraws itself on a terminal. */
  readonly live: boolean;
}

/** Which run goes first, as the flags say it; undefined where they say nothing. */
export function priorityOf(options: RunOptions): RunPriority | undefined {
  const { priority, fairnessKey, fairnessWeight } = options;
  const said = {
    ...(priority === undefined ? {} : { priorityKey: priority }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
    ...(fairnessWeight === undefined ? {} : { fairnessWeight }),
  };
  return Object.keys(said).length === 0 ? undefined : requirePriority(said);
}

/** How `dagwright run` ends. */
export interface RunEnd {
  /** The exit code. */
  readonly code: number;
  /** What `--json` prints. */
  readonly answer: object;
}
