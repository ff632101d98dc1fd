import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProcessAlive } from './lock-file.js';

/**
 * The processes that use the server of a state folder, one file each: the last one to leave stops the server, whoever
 * started it.
 */
export interface ServerUsers {
  join(): void;
  /** Whether no other process uses the server now. */
  leave(): boolean;
}

/** The users of the server whose state is in this folder. */
export function serverUsers(stateFolder: string): ServerUsers {
  const folder = join(stateFolder, 'server-users');
  const own = String(process.pid);
  // One process may use the server more than once, in tests for example.
  let joined = counts.get(folder) ?? 0;
  const count = (change: 1 | -1) => {
    joined = (counts.get(folder) ?? 0) + change;
    counts.set(folder, joined);
  };
  return {
    join() {
      count(1);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, own), '');
    },
    leave() {
      count(-1);
      if (joined > 0) return false;
      rmSync(join(folder, own), { force: true });
      return others(folder, own).length === 0;
    },
  };
}

const counts = new Map<string, number>();

function others(folder: string, own: string): number[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const pids: number[] = [];
  for (const name of names) {
    if (name === own) continue;
    if (isProcessAlive(Number(name))) pids.push(Number(name));
    else rmSync(join(folder, name), { force: true });
  }
  return pids;
}
