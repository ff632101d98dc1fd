import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { mayPoll } from './poller.js';

const NOW = 1_000_000_000;

function pollerOf(identity: string, age = 1): Parameters<typeof mayPoll>[0] {
  return { identity, lastAccessTime: { seconds: String(NOW / 1_000 - age) } };
}

it('believes in a worker that was seen lately, and in none that was not', () => {
  expect(mayPoll(pollerOf('17@elsewhere'), NOW)).toBe(true);
  expect(mayPoll(pollerOf('payments'), NOW)).toBe(true);
  expect(mayPoll(pollerOf('17@elsewhere', 71), NOW)).toBe(false);
  expect(mayPoll({}, NOW)).toBe(false);
});

it('knows of a worker on this machine whether its process has ended', async () => {
  expect(mayPoll(pollerOf(`${process.pid}@${hostname()}`), NOW)).toBe(true);
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(mayPoll(pollerOf(`${child.pid}@${hostname()}`), NOW)).toBe(false);
});
