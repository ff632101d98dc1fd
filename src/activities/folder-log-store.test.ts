import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderLogStore } from './folder-log-store.js';
import { attemptLogPath } from './log.js';
import type { LogStore } from './log-store.js';

const NAME = { runId: 'run-1', task: 'extract', attempt: 2 };

let folder: string;
let store: LogStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-store-test-'));
  store = folderLogStore(folder);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('an attempt log', () => {
  it('makes nothing before the first write', async () => {
    const log = store.open(NAME);
    await log.close();
    await expect(readFile(log.path)).rejects.toThrow('ENOENT');
  });

  it('has everything in order once it is closed', async () => {
    const log = store.open(NAME);
    log.write('one');
    await log.append(Buffer.from('two'));
    await log.append(Buffer.from('\n'));
    log.write('three');
    await log.close();
    expect(await readFile(log.path, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  it('adds to the file that an earlier start of the task left', async () => {
    for (const line of ['first', 'second']) {
      const log = store.open(NAME);
      log.write(line);
      await log.close();
    }
    expect(await readFile(attemptLogPath(folder, NAME), 'utf8')).toBe(
      'first\n[dagwright] Attempt 2 begins again.\nsecond\n',
    );
  });

  it('begins a line of its own where the earlier start was cut off in one', async () => {
    for (const text of ['half a li', 'on']) {
      const log = store.open(NAME);
      await log.append(Buffer.from(text));
      await log.close();
    }
    expect(await readFile(attemptLogPath(folder, NAME), 'utf8')).toBe(
      'half a li\n[dagwright] Attempt 2 begins again.\non',
    );
  });

  it('drops what comes after it was closed', async () => {
    const log = store.open(NAME);
    log.write('in time');
    await log.close();
    log.write('late');
    await log.append(Buffer.from('late'));
    await log.close();
    expect(await readFile(log.path, 'utf8')).toBe('in time\n');
  });

  it('never fails the task where it cannot be written', async () => {
    await writeFile(join(folder, 'run-1'), 'a file where a folder should be');
    const log = store.open(NAME);
    log.write('lost');
    await log.append(Buffer.from('lost'));
    await log.close();
    expect(await readFile(join(folder, 'run-1'), 'utf8')).toBe('a file where a folder should be');
  });

  it('never fails the task where the file is a folder', async () => {
    const path = attemptLogPath(folder, NAME);
    const below = folderLogStore(path).open(NAME);
    below.write('makes the folder');
    await below.close();
    const log = store.open(NAME);
    log.write('lost');
    await log.append(Buffer.alloc(1_000_000));
    await log.close();
    expect(dirname(below.path).startsWith(path)).toBe(true);
  });
});

describe('a log over its bounds', () => {
  const bounds = { segmentBytes: 12, segments: 3 };

  async function filesOf(): Promise<Record<string, string>> {
    const task = dirname(attemptLogPath(folder, NAME));
    const names = (await readdir(task)).sort();
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(task, name), 'utf8')] as const)),
    );
  }

  it('keeps its end: full segments say where they begin, and the oldest goes', async () => {
    const log = folderLogStore(folder, bounds).open(NAME);
    for (let line = 1; line <= 9; line++) log.write(`line ${line}`);
    await log.close();
    // No segment ends within a line.
    expect(await filesOf()).toEqual({ '2.42.log': 'line 7\n', '2.49.log': 'line 8\n', '2.log': 'line 9\n' });
  });

  it('cuts a line that is longer than a segment', async () => {
    const log = folderLogStore(folder, bounds).open(NAME);
    await log.append(Buffer.from('short\n0123456789abcdefghijklmnopqrst\nend\n'));
    await log.close();
    expect(await filesOf()).toEqual({
      '2.6.log': '0123456789ab',
      '2.18.log': 'cdefghijklmn',
      '2.log': 'opqrst\nend\n',
    });
  });

  it('goes on where an earlier start of the task, or its death in the midst of it, left it', async () => {
    const first = folderLogStore(folder, bounds).open(NAME);
    first.write('0123456789');
    first.write('after');
    await first.close();
    await rm(attemptLogPath(folder, NAME));
    const second = folderLogStore(folder, { segmentBytes: 100, segments: 3 }).open(NAME);
    second.write('on');
    await second.close();
    expect(await filesOf()).toEqual({
      '2.0.log': '0123456789\n',
      '2.log': '[dagwright] Attempt 2 begins again.\non\n',
    });
  });
});

describe('reading logs', () => {
  const bounds = { segmentBytes: 12, segments: 3 };

  async function write(attempt: number, ...lines: string[]): Promise<void> {
    const log = folderLogStore(folder, bounds).open({ ...NAME, attempt });
    for (const line of lines) log.write(line);
    await log.close();
  }

  it('lists the attempts that have one', async () => {
    expect(await store.attempts('run-1', 'extract')).toEqual([]);
    await write(10, 'a');
    await write(2, 'line 1', 'line 2', 'line 3', 'line 4', 'line 5');
    await writeFile(join(dirname(attemptLogPath(folder, NAME)), 'notes.log'), 'not a log');
    expect(await store.attempts('run-1', 'extract')).toEqual([
      { attempt: 2, begin: 14, end: 35 },
      { attempt: 10, begin: 0, end: 2 },
    ]);
  });

  it('knows no log of an attempt that wrote none', async () => {
    expect(await store.read(NAME, 0)).toBeUndefined();
  });

  it('gives chunks that follow each other, and says what has been dropped', async () => {
    await write(2, 'line 1', 'line 2', 'line 3', 'line 4', 'line 5');
    const read = async (offset: number, bytes?: number) => {
      const chunk = await store.read(NAME, offset, bytes);
      return chunk === undefined ? undefined : { ...chunk, bytes: Buffer.from(chunk.bytes).toString() };
    };
    expect(await read(3)).toEqual({ bytes: 'line 3\n', offset: 14, dropped: 11, next: 21 });
    expect(await read(21, 3)).toEqual({ bytes: 'lin', offset: 21, dropped: 0, next: 24 });
    expect(await read(24)).toEqual({ bytes: 'e 4\n', offset: 24, dropped: 0, next: 28 });
    expect(await read(28)).toEqual({ bytes: 'line 5\n', offset: 28, dropped: 0, next: 35 });
    expect(await read(35)).toEqual({ bytes: '', offset: 35, dropped: 0, next: 35 });
    expect(await read(99)).toEqual({ bytes: '', offset: 35, dropped: 0, next: 35 });
  });

  it('follows a log that is written and rotated meanwhile: every byte once, in order, or told as dropped', async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `line ${index}\n`);
    const whole = lines.join('');
    const log = folderLogStore(folder, { segmentBytes: 500, segments: 4 }).open(NAME);
    let isWritten = false;
    const writing = (async () => {
      for (const line of lines) {
        log.write(line.trimEnd());
        if (line.endsWith('7\n')) await new Promise((resolve) => setImmediate(resolve));
      }
      await log.close();
      isWritten = true;
    })();
    let next = 0;
    let chunks = 0;
    for (;;) {
      const wasWritten = isWritten;
      const chunk = await store.read(NAME, next, 64);
      if (chunk === undefined) continue;
      expect(Buffer.from(chunk.bytes).toString()).toBe(whole.slice(chunk.offset, chunk.next));
      expect(chunk.offset).toBe(next + chunk.dropped);
      next = chunk.next;
      chunks++;
      if (wasWritten && chunk.bytes.length === 0) break;
    }
    await writing;
    expect(next).toBe(whole.length);
    expect(chunks).toBeGreaterThan(20);
  });
});
