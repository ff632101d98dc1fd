import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What this process holds, so that a pid that the system gave out again is not taken for its former owner. */
const held = new Set<string>();

/**
 * Runs `work` while this process alone, of all processes of this machine, holds the lock file. A lock whose process is
 * gone is broken.
 * @param onWait called once, with the owner's pid, where another process holds the lock.
 */
export async function withLockFile<T>(
  path: string,
  work: () => Promise<T>,
  onWait: (pid: number) => void = () => {},
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!tryLock(path)) {
    const owner = ownerOf(path);
    if (owner !== undefined && !told) {
      told = true;
      onWait(owner);
    }
    await delay(100);
  }
  held.add(path);
  try {
    return await work();
  } finally {
    held.delete(path);
    rmSync(path, { force: true });
  }
}

/** Whether a process of this pid exists, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function tryLock(path: string): boolean {
  // The file must appear with its content: an empty lock would look stale to others.
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, String(process.pid));
  try {
    if (link(draft, path)) return true;
    if (!isStale(path)) return false;
    breakLock(path);
    return link(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

function breakLock(path: string): void {
  // Another process may break the same lock and take it between our look and our removal; moving the file away is
  // atomic, so a live lock caught by mistake is seen and put back.
  const moved = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch {
    return;
  }
  if (!isStale(moved, path)) link(moved, path);
  rmSync(moved, { force: true });
}

function isStale(path: string, lock: string = path): boolean {
  const owner = ownerOf(path);
  if (owner === undefined) return false;
  return owner === process.pid ? !held.has(lock) : !isProcessAlive(owner);
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
