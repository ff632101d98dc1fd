import { hostname } from 'node:os';

/** What the server tells of a worker that polls, or did so lately. */
export interface Poller {
  /** `pid@host`, unless somebody chose another. */
  readonly identity?: string | null;
  readonly lastAccessTime?: { readonly seconds?: unknown } | null;
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
