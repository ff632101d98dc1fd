import { defineSignal } from '@temporalio/workflow';
import type { TaskSamples } from '../estimate/samples.js';
import type { PackedStats } from '../estimate/stats.js';
import type { KeptDurations } from '../estimate/task-durations.js';

/** The workflow type of what keeps how long the tasks of a dag took. There is one for each dag of a namespace. */
export const STATS_WORKFLOW = 'dagStats';

export function statsWorkflowId(dag: string): string {
  return `dagwright-stats/${dag}`;
}

/** What it is started with. */
export interface StatsInput {
  readonly dag: string;
  /** History events after which it continues as new. Default 2,000. */
  readonly historyLimit?: number;
  /** Set by itself when it continues as new. */
  readonly kept?: readonly KeptDurations[];
}

/** Worker to stats: so long tasks of the dag took. What makes no sense is left out. */
export const samplesSignal = defineSignal<[readonly TaskSamples[]]>('samples');

/** The memo field that holds what is known, so that reading it needs no worker. */
export const STATS_MEMO = 'dagwrightStats';

/** What the memo field holds. */
export interface StatsMemo {
  /** When it was worked out; ISO 8601. */
  readonly at: string;
  readonly tasks: readonly PackedStats[];
}
