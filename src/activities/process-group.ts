import { killProcessesNow } from './attempt-processes.js';

/** The groups whose commands run now, and their attempts; killed where this process exits before they have ended. */
const running = new Map<number, string>();

/** A process group led by a command that was spawned `detached`. */
export interface ProcessGroup {
  /** Sends a signal to every process of the group; nothing happens where none is left. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** Kills what is left of the group. To be called when its command has ended. */
  end(): void;
}

/**
 * Takes charge of the group that a command leads.
 * @param pid the command, spawned `detached`, so that its id is the group's.
 * @param attemptId what its processes are marked with; see attempt-processes.ts.
 */
export function ownProcessGroup(pid: number, attemptId: string): ProcessGroup {
  if (running.size === 0) process.on('exit', killAll);
  running.set(pid, attemptId);
  return {
    signal: (name) => {
      if (running.has(pid)) signalGroup(pid, name);
    },
    end: () => {
      // Only once: later the number may be another group's.
      if (!running.delete(pid)) return;
      signalGroup(pid, 'SIGKILL');
      if (running.size === 0) process.off('exit', killAll);
    },
  };
}

function killAll(): void {
  for (const pid of running.keys()) signalGroup(pid, 'SIGKILL');
  killProcessesNow(new Set(running.values()));
}

function signalGroup(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, name);
  } catch {
    // ESRCH: all have ended. EPERM: what is left runs as another user; it is not ours to end.
  }
}
