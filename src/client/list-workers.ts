import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { PRESENCE_ACTIVITY, registryIdOf, type WorkerBeat } from '../workflows/group-messages.js';

/** A worker that has joined, as it was a second ago. */
export interface WorkerSummary {
  /** `process@machine`, as tasks name it. */
  readonly worker: string;
  /** The worker group that it belongs to. Left out where it takes the tasks that need none. */
  readonly group?: string;
  /** Tasks that it may run at once. */
  readonly slots: number;
  /** Tasks that run in it. */
  readonly running: number;
  readonly speed: number;
  readonly labels: readonly string[];
  /** Cores. Left out where there is no limit. */
  readonly cpu?: number;
  /** Bytes. Left out where there is no limit. */
  readonly memory?: number;
  /** What a slot costs for an hour. */
  readonly cost?: number;
  /** It gets tasks only while no other group that could run them lives. */
  readonly standby?: true;
  /** `leaving`: it takes no more tasks. `silent`: nothing was heard of it for 3 seconds; after 5 it is gone. */
  readonly state: 'live' | 'leaving' | 'silent';
  /** When it started; ISO 8601. */
  readonly since: string;
}

const STARTED = 2;

/** The workers that have joined on the task queue, by group and name. Asks the server alone: no worker has to answer. */
export async function listWorkers(client: Client, taskQueue: string): Promise<WorkerSummary[]> {
  const registry = client.workflow.getHandle(registryIdOf(taskQueue));
  const description = await registry.describe().catch(ignoreNotFound);
  const presences = description?.status.name === 'RUNNING' ? (description.raw.pendingActivities ?? []) : [];
  return presences
    .filter(({ activityType }) => activityType?.name === PRESENCE_ACTIVITY)
    .flatMap(({ state, heartbeatDetails }) => {
      const payload = heartbeatDetails?.payloads?.[0];
      // One that has just joined has not said yet what it is.
      if (!payload) return [];
      return [summaryOf(defaultPayloadConverter.fromPayload<WorkerBeat>(payload), state === STARTED)];
    })
    .toSorted((a, b) => compare(a.group ?? '', b.group ?? '') || compare(a.since, b.since));
}

function summaryOf(beat: WorkerBeat, isHeard: boolean): WorkerSummary {
  const { identity, group, slots, running, speed, labels, cpu, memory, cost, standby, leaving, since } = beat;
  return {
    worker: identity,
    ...(group === undefined ? {} : { group }),
    slots,
    running,
    speed,
    labels,
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(cost === undefined ? {} : { cost }),
    ...(standby === undefined ? {} : { standby }),
    state: !isHeard ? 'silent' : leaving === true ? 'leaving' : 'live',
    since,
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
