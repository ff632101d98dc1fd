import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isProcessAlive, withLockFile } from './lock-file.js';

let folder: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-lock-'));
  lock = join(folder, 'a.lock');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('withLockFile', () => {
  it('lets one in at a time, and leaves nothing behind', async () => {
    let inside = 0;
    const enter = async (_: unknown, index: number) => {
      expect(++inside).toBe(1);
      await new Promise(setImmediate);
      inside--;
      return index;
    };
    const results = await Promise.all(Array.from({ length: 5 }, (_, i) => withLockFile(lock, () => enter(_, i))));
    expect(results).toEqual([0, 1, 2, 3, 4]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('gives the lock back where the work fails', async () => {
    const failing = withLockFile(lock, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await withLockFile(lock, () => Promise.resolve('in'))).toBe('in');
  });

  it('breaks the lock of a process that has ended', async () => {
    await writeFile(lock, String(await deadPid()));
    expect(await withLockFile(lock, () => Promise.resolve('in'))).toBe('in');
  });

  it('breaks a lock that an earlier process of its own pid left', async () => {
    await writeFile(lock, String(process.pid));
    expect(await withLockFile(lock, () => Promise.resolve('in'))).toBe('in');
  });

  it('waits for a process that lives, and says once for which', async () => {
    const owner = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await writeFile(lock, String(owner.pid));
    const waitedFor: number[] = [];
    const order: string[] = [];
    const entered = withLockFile(
      lock,
      () => Promise.resolve(order.push('entered')),
      (pid) => {
        waitedFor.push(pid);
        order.push('told');
        owner.kill('SIGKILL');
      },
    );
    await entered;
    expect(order).toEqual(['told', 'entered']);
    expect(waitedFor).toEqual([owner.pid]);
  });
});

describe('isProcessAlive', () => {
  it('tells a process that runs from one that has ended', async () => {
    expect(isProcessAlive(process.pid)).toBe(true);
    expect(isProcessAlive(await deadPid())).toBe(false);
  });
});
