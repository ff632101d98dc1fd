import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ownProcessGroup } from './process-group.js';

async function startSleeper(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

describe('a process group', () => {
  it('is killed where this process exits before it has ended', async () => {
    const before = new Set(process.listeners('exit'));
    const children = [await startSleeper(), await startSleeper()];
    const groups = children.map((child) => ownProcessGroup(child.pid));
    const [onExit, ...others] = process.listeners('exit').filter((listener) => !before.has(listener));
    expect(others).toEqual([]);
    const exits = children.map((child) => once(child, 'exit'));
    onExit?.(0);
    for (const exit of exits) expect((await exit)[1]).toBe('SIGKILL');
    for (const group of groups) group.end();
    expect(new Set(process.listeners('exit'))).toEqual(before);
  });

  it('gets the signals until it has ended, and none later', async () => {
    const child = await startSleeper();
    const exit = once(child, 'exit');
    const group = ownProcessGroup(child.pid);
    group.signal('SIGTERM');
    expect((await exit)[1]).toBe('SIGTERM');
    group.end();
    group.signal('SIGKILL');
    group.end();
  });
});
