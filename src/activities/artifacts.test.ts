import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryLog } from '../../test/doubles/memory-log.js';
import type { CalledArtifacts, TaskCall } from '../dag/task-call.js';
import { FolderStore } from '../store/folder-store.js';
import { runAttempt } from './attempt.js';
import type { TaskReport } from './handler.js';
import { createHandlers } from './handlers.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-artifacts-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs a script in a folder of its own, as the worker of some machine would. */
async function run(name: string, script: string, artifacts: CalledArtifacts): Promise<TaskReport> {
  await mkdir(join(folder, name));
  const call: TaskCall = {
    runId: 'run',
    dag: 'd',
    task: 't',
    uses: 'shell',
    with: { run: script },
    cache: { key: 'k' },
    artifacts,
    maximumAttempts: 1,
    startToClose: 60_000,
    directory: join(folder, name),
  };
  return runAttempt(createHandlers({ environment: process.env }), call, {
    attempt: 1,
    signal: new AbortController().signal,
    log: memoryLog(),
    progress: () => undefined,
    store: new FolderStore(join(folder, 'store')),
  });
}

describe('an attempt of a script', () => {
  it('takes files that others left, and leaves its own, or what the cache has of them', async () => {
    const made = await run('a', 'mkdir out; printf film > out/video.mp4', { save: { video: 'out/video.mp4' } });
    const { video } = made.artifacts!;
    const load = { 'in/video.mp4': video! };
    await rm(join(folder, 'store', 'entries'), { recursive: true });
    const script = 'tr a-z A-Z < in/video.mp4 > loud.txt; echo 1 > "$DAGWRIGHT_OUTPUT"';
    const taken = await run('b', script, { load, save: { loud: 'loud.txt' } });
    expect(await readFile(join(folder, 'b', 'loud.txt'), 'utf8')).toBe('FILM');
    expect(taken).toEqual({ attempt: 1, output: 1, artifacts: { loud: { sha256: expect.any(String), bytes: 4 } } });
    const again = await run('c', 'exit 1', { load, save: { loud: 'loud.txt' } });
    expect(again).toEqual({ ...taken, cached: { runId: 'run', at: expect.any(String) } });
  });
});
