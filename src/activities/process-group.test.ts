import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { newAttemptId } from './attempt-processes.js';
import { ownProcessGroup } from './process-group.js';

async function startSleeper(attemptId: string): Promise<ChildProcess & { pid: number }> {
  const env = { ...process.env, DAGWRIGHT_ATTEMPT_ID: attemptId };
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env });
  await once(child, 'spawn');
  return child as ChildProcess & { pid: number };
}

describe('a process group', () => {
  it('is killed where this process exits before it has ended', async () => {
    const before = new Set(process.listeners('exit'));
    const [first, second] = [newAttemptId(), newAttemptId()];
    // The last one has left its attempt's group, another attempt's goes on.
    const children = [await startSleeper(first), await startSleeper(second), await startSleeper(second)];
    const other = await startSleeper(newAttemptId());
    const groups = children.slice(0, 2).map((child, index) => ownProcessGroup(child.pid, index === 0 ? first : second));
    const [onExit, ...others] = process.listeners('exit').filter((listener) => !before.has(listener));
    expect(others).toEqual([]);
    const exits = children.map((child) => once(child, 'exit'));
    onExit?.(0);
    for (const exit of exits) expect((await exit)[1]).toBe('SIGKILL');
    const otherExit = once(other, 'exit');
    other.kill('SIGTERM');
    expect((await otherExit)[1]).toBe('SIGTERM');
    for (const group of groups) group.end();
    expect(new Set(process.listeners('exit'))).toEqual(before);
  });

  it('gets the signals until it has ended, and none later', async () => {
    const id = newAttemptId();
    const child = await startSleeper(id);
    const exit = once(child, 'exit');
    const group = ownProcessGroup(child.pid, id);
    group.signal('SIGTERM');
    expect((await exit)[1]).toBe('SIGTERM');
    group.end();
    group.signal('SIGKILL');
    group.end();
  });
});
