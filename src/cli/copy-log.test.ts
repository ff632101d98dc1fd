import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderLogStore } from '../activities/folder-log-store.js';
import type { LogStore } from '../activities/log-store.js';
import { LogCopier, type LoggedTask } from './copy-log.js';

const task: LoggedTask = { runId: 'sales-1', task: 'load' };
let folder: string;
let store: LogStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dagwright-copy-log-'));
  store = folderLogStore(folder);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function log(attempt: number, text: string): Promise<void> {
  const opened = store.open({ runId: 'sales-1', task: 'load', attempt });
  await opened.append(Buffer.from(text));
  await opened.close();
}

/** A copier, and what it has copied since it was last asked. */
function copying(
  from: LogStore = store,
  what = task,
): { copier: LogCopier; copied(): Promise<string>; said: string[] } {
  let text = '';
  const said: string[] = [];
  const copier = new LogCopier(from, what, {
    write: async (bytes) => {
      text += Buffer.from(bytes).toString();
    },
    say: (line) => said.push(line),
  });
  const copied = async (): Promise<string> => {
    text = '';
    await copier.copy();
    return text;
  };
  return { copier, copied, said };
}

describe('LogCopier', () => {
  it('finds nothing where there is no log', async () => {
    const { copier, copied } = copying();
    expect(await copied()).toBe('');
    expect(copier.found).toBe(false);
  });

  it('copies the latest attempt from its beginning, however long it is, and then what comes', async () => {
    const long = `${'x'.repeat(99)}\n`.repeat(3_000);
    await log(1, 'old\n');
    await log(2, long);
    const { copier, copied } = copying();
    expect(await copied()).toBe(long);
    expect(copier.found).toBe(true);
    expect(await copied()).toBe('');
    await log(2, 'more\n');
    expect(await copied()).toMatch(/more\n$/);
    expect(await copied()).toBe('');
  });

  it('begins each further attempt with a line of its own', async () => {
    await log(1, 'cut off');
    const { copied } = copying();
    await copied();
    await log(2, 'second\n');
    expect(await copied()).toBe('\n==> attempt 2 <==\nsecond\n');
    await log(3, 'third\n');
    expect(await copied()).toBe('==> attempt 3 <==\nthird\n');
  });

  it('goes on with an earlier attempt where a task was set back', async () => {
    await log(1, 'first\n');
    await log(2, 'second\n');
    const { copied } = copying();
    expect(await copied()).toBe('second\n');
    await log(1, 'again\n');
    expect(await copied()).toMatch(/^==> attempt 1 <==\n(?!first)[^]*again\n$/);
  });

  it('keeps to the attempt that was asked for', async () => {
    await log(1, 'first\n');
    await log(2, 'second\n');
    const { copied } = copying(store, { ...task, attempt: 1 });
    expect(await copied()).toBe('first\n');
    await log(3, 'third\n');
    expect(await copied()).toBe('');
    expect((await copying(store, { ...task, attempt: 7 }).copied()).length).toBe(0);
  });

  it('says how much of a long log is gone', async () => {
    const bounded = folderLogStore(folder, { segmentBytes: 100, segments: 2 });
    const opened = bounded.open({ runId: 'sales-1', task: 'load', attempt: 1 });
    for (let i = 0; i < 20; i += 1) await opened.append(Buffer.from(`${String(i).padStart(49)}\n`));
    await opened.close();
    const { copied, said } = copying(bounded);
    expect(await copied()).toMatch(/ 18\n +19\n$/);
    expect(said).toEqual([expect.stringMatching(/^… \d+ bytes are gone/)]);
  });
});
