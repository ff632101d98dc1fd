import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskContext } from './handler.js';
import { followProgressFile, readProgressLines } from './progress-file.js';

describe('a line of progress', () => {
  it.each([
    ['0.5', { report: 0.5 }],
    ['.25 a quarter', { report: 0.25, note: 'a quarter' }],
    ['1', { report: 1 }],
    ['0 starting', { report: 0, note: 'starting' }],
    ['50%', { report: 0.5 }],
    ['12.5 % of the rows', { report: 0.125, note: 'of the rows' }],
    ['3/10', { report: { done: 3, total: 10 } }],
    ['  3 / 10   loading files \r', { report: { done: 3, total: 10 }, note: 'loading files' }],
    ['loading', { note: 'loading' }],
    ['17 files loaded', { note: '17 files loaded' }],
    ['2 of 10', { note: '2 of 10' }],
    ['チェック中', { note: 'チェック中' }],
  ])('reads %j', (line, said) => {
    expect(readProgressLines(`${line}\n`)).toEqual(said);
  });

  it.each(['', '   ', '17', '-0.5', '3/', '/10', '3/0', '...', '%', '1.5', '0,5'])(
    'changes nothing where it makes no sense: %j',
    (line) => {
      const before = { report: 0.3, note: 'so far' };
      expect(readProgressLines(`${line}\n`, before)).toBe(before);
    },
  );

  it('counts where it is the last; a note alone keeps the number', () => {
    expect(readProgressLines('0.1 a\n0.2 b\n')).toEqual({ report: 0.2, note: 'b' });
    expect(readProgressLines('0.1 a\n0.2\n')).toEqual({ report: 0.2 });
    expect(readProgressLines('4/8\nchecking\n')).toEqual({ report: { done: 4, total: 8 }, note: 'checking' });
    expect(readProgressLines('4/8 x\n???\n')).toEqual({ report: { done: 4, total: 8 }, note: 'x' });
  });
});

describe('following a progress file', () => {
  let folder: string;
  let path: string;
  let told: unknown[][];
  let wake: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'progress-test-'));
    path = join(folder, 'progress');
    told = [];
    wake = () => undefined;
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function follow(interval: number) {
    const progress = (...report: unknown[]): void => {
      told.push(report);
      wake();
    };
    return followProgressFile(path, { progress } as unknown as TaskContext, interval);
  }

  async function toldTimes(times: number): Promise<void> {
    while (told.length < times) await new Promise<void>((resolve) => (wake = resolve));
  }

  it('tells each change while it goes on, and no half line', async () => {
    const following = follow(1);
    await writeFile(path, '1/3 one\n2/');
    await toldTimes(1);
    await appendFile(path, '3 two\n');
    await toldTimes(2);
    // Written over, as `>` does, with as many bytes.
    await writeFile(path, '1/3 one\n3/3 two\n');
    await toldTimes(3);
    await following.end();
    expect(told).toEqual([
      [{ done: 1, total: 3 }, 'one'],
      [{ done: 2, total: 3 }, 'two'],
      [{ done: 3, total: 3 }, 'two'],
    ]);
  });

  it('looks once more at the end', async () => {
    const following = follow(1_000_000);
    await writeFile(path, 'only a note\n');
    await following.end();
    expect(told).toEqual([[Number.NaN, 'only a note']]);
  });

  it('reads only the end of a file, however long that is', async () => {
    const following = follow(1_000_000);
    await writeFile(path, `${'0.5 a long line of progress\n'.repeat(100_000)}${'x'.repeat(5_000)}\n0.75\n`);
    await following.end();
    expect(told).toEqual([[0.75, undefined]]);
  });

  it('says nothing where there is no file, or it is something else', async () => {
    await follow(1_000_000).end();
    path = folder;
    await follow(1_000_000).end();
    expect(told).toEqual([]);
  });
});
