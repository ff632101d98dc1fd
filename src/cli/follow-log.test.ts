import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderLogStore } from '../activities/folder-log-store.js';
import type { LogStore } from '../activities/log-store.js';
import { DagwrightError } from '../dag/errors.js';
import type { RunDescription, TaskDescription } from '../run/run.js';
import { LogCopier, type LoggedTask } from './copy-log.js';
import { followLog } from './follow-log.js';

const logged: LoggedTask = { runId: 'sales-1', task: 'load' };
let folder: string;
let store: LogStore;
let text: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dagwright-follow-log-'));
  store = folderLogStore(folder);
  text = '';
  said = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function log(attempt: number, line: string): Promise<void> {
  const opened = store.open({ runId: 'sales-1', task: 'load', attempt });
  await opened.append(Buffer.from(`${line}\n`));
  await opened.close();
}

function seen(state: TaskDescription['state'], attempts = 1): TaskDescription {
  return { name: 'load', state, attempts, worker: '7@far' };
}

/** Follows a run that is, at each look, what the next of these functions makes it. */
async function follow(
  looks: readonly (() => Promise<TaskDescription | undefined>)[],
  what = logged,
  signal = new AbortController().signal,
): Promise<TaskDescription | undefined> {
  const rest = [...looks];
  const describe = async (): Promise<RunDescription> => {
    const look = rest.shift();
    if (look === undefined) throw new Error('It looked once more than it should.');
    const task = await look();
    return {
      runId: 'sales-1',
      dag: 'sales',
      state: 'running',
      startedAt: '2026-11-01T12:00:00.000Z',
      counts: {},
      tasks: task === undefined ? [] : [task],
    };
  };
  const write = async (bytes: Uint8Array): Promise<void> => {
    text += Buffer.from(bytes).toString();
  };
  const say = (line: string): void => void said.push(line);
  const copier = new LogCopier(store, what, { write, say });
  return followLog(copier, { runId: 'sales-1', describe }, what, { signal, say, logInterval: 1, runInterval: 0 });
}

describe('followLog', () => {
  it('goes on through further attempts until the task has ended, and misses nothing of the last', async () => {
    const latest = await follow([
      async () => seen('pending', 0),
      async () => {
        await log(1, 'first');
        return seen('running');
      },
      async () => {
        await log(2, 'second');
        return seen('running', 2);
      },
      async () => {
        await log(2, 'last words');
        return seen('failed', 2);
      },
    ]);
    expect(text).toMatch(/^first\n==> attempt 2 <==\nsecond\n[^]*last words\n$/);
    expect(latest?.state).toBe('failed');
  });

  it('says once what it waits for, and where the task runs', async () => {
    const latest = await follow([
      async () => seen('pending', 0),
      async () => seen('pending', 0),
      async () => seen('running'),
      async () => seen('running'),
      async () => seen('succeeded'),
    ]);
    expect(said).toEqual(['No log yet: load is pending.', 'No log here yet: load is running, on 7@far.']);
    expect(latest?.state).toBe('succeeded');
    expect(text).toBe('');
  });

  it('ends with the attempt that was asked for', async () => {
    await log(1, 'first');
    await follow([async () => seen('running', 1), async () => seen('running', 2)], { ...logged, attempt: 1 });
    expect(text).toBe('first\n');
  });

  it('goes on where a look fails, and says so', async () => {
    await log(1, 'first');
    const silent = new DagwrightError('NO_WORKER', 'No worker answers.');
    await follow([() => Promise.reject(silent), () => Promise.reject(silent), async () => seen('succeeded')]);
    expect(said).toEqual(['Cannot look at the run now: No worker answers.']);
    expect(text).toBe('first\n');
  });

  it('ends where the run was ended from outside', async () => {
    await log(1, 'first');
    const gone = new DagwrightError('RUN_TERMINATED', 'Ended from outside.');
    expect(await follow([async () => seen('running'), () => Promise.reject(gone)])).toMatchObject({ state: 'running' });
  });

  it('refuses a run and a task that do not exist', async () => {
    const missing = new DagwrightError('RUN_NOT_FOUND', 'There is no run sales-1.');
    await expect(follow([() => Promise.reject(missing)])).rejects.toBe(missing);
    await expect(follow([async () => undefined])).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  it('leaves at once where it is told to', async () => {
    await log(1, 'first');
    const left = new AbortController();
    const looks = [
      async (): Promise<TaskDescription> => {
        left.abort();
        return seen('running');
      },
    ];
    expect(await follow(looks, logged, left.signal)).toMatchObject({ state: 'running' });
  });
});
