import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';

/** What the server tells of a worker that polls, or did so lately. */
export interface Poller {
  /** `pid@host`, unless somebody chose another. */
  readonly identity?: string | null;
  readonly lastAccessTime?: { readonly seconds?: unknown } | null;
}

/** Activities; workflows have the number 1. */
const ACTIVITY_QUEUE = 2;

/** Whether a worker polls the task queue, for tasks or for the runs themselves, as far as the server and this machine know. */
export async function hasWorker(client: Client, taskQueue: string, kind: 'tasks' | 'runs' = 'tasks'): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: kind === 'tasks' ? ACTIVITY_QUEUE : 1,
  });
  return (pollers ?? []).some((poller) => mayPoll(poller, Date.now()));
}

/** A worker polls at least once a minute. */
const FRESH_MS = 70_000;

/**
 * Whether the worker may still be there. The server remembers a worker that ended for five minutes, as if it polled:
 * where it ran on this machine, its process tells.
 * @param now Milliseconds.
 */
export function mayPoll(poller: Poller, now: number): boolean {
  const lastSeen = Number(poller.lastAccessTime?.seconds ?? 0) * 1_000;
  return lastSeen > now - FRESH_MS && !hasEndedHere(poller.identity ?? '');
}

function hasEndedHere(identity: string): boolean {
  const pid = /^([1-9]\d*)@(.*)$/.exec(identity);
  return pid !== null && pid[2] === hostname() && !exists(Number(pid[1]));
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else may not be signalled, but is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
