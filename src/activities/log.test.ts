import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attemptLogPath, openAttemptLog } from './log.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const NAME = { runId: 'run-1', task: 'extract', attempt: 2 };

describe('the path of an attempt log', () => {
  it('names run, task and attempt', () => {
    expect(attemptLogPath('/logs', NAME)).toBe('/logs/run-1/extract/2.log');
  });

  it.each(['..', '.', '../../etc', '/etc/passwd', 'a\0b', 'täglich:5', '', '-', 'x'.repeat(5_000), 'C:\\x'])(
    'stays in the folder whatever the run id (%j)',
    (runId) => {
      const path = attemptLogPath('/logs', { ...NAME, runId });
      expect(relative('/logs', path).split('/')).toHaveLength(3);
      expect(relative('/logs', path)).toMatch(/^[A-Za-z0-9_%-][A-Za-z0-9_.%-]{0,119}\/extract\/2\.log$/);
    },
  );

  it('differs for run ids that differ', () => {
    const ids = ['a', 'A', 'a/b', 'a%2Fb', '..', '%', '', 'x'.repeat(200), `${'x'.repeat(199)}y`];
    expect(new Set(ids.map((runId) => attemptLogPath('/logs', { ...NAME, runId }))).size).toBe(ids.length);
  });
});

describe('an attempt log', () => {
  it('makes nothing before the first write', async () => {
    const log = openAttemptLog(folder, NAME);
    await log.close();
    await expect(readFile(log.path)).rejects.toThrow('ENOENT');
  });

  it('has everything in order once it is closed', async () => {
    const log = openAttemptLog(folder, NAME);
    log.write('one');
    await log.append(Buffer.from('two'));
    await log.append(Buffer.from('\n'));
    log.write('three');
    await log.close();
    expect(await readFile(log.path, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  it('adds to the file that an earlier start of the task left', async () => {
    for (const line of ['first', 'second']) {
      const log = openAttemptLog(folder, NAME);
      log.write(line);
      await log.close();
    }
    expect(await readFile(attemptLogPath(folder, NAME), 'utf8')).toBe('first\nsecond\n');
  });

  it('is cut at its limit, says so once, and takes no more', async () => {
    const log = openAttemptLog(folder, NAME, { maximumBytes: 10 });
    for (let i = 0; i < 5; i++) await log.append(Buffer.from('1234'));
    await log.close();
    expect(await readFile(log.path, 'utf8')).toBe(
      '1234123412\n[dagwright] The log was cut here: it is over 10 bytes.\n',
    );
  });

  it('drops what comes after it was closed', async () => {
    const log = openAttemptLog(folder, NAME);
    log.write('in time');
    await log.close();
    log.write('late');
    await log.append(Buffer.from('late'));
    await log.close();
    expect(await readFile(log.path, 'utf8')).toBe('in time\n');
  });

  it('never fails the task where it cannot be written', async () => {
    await writeFile(join(folder, 'run-1'), 'a file where a folder should be');
    const log = openAttemptLog(folder, NAME);
    log.write('lost');
    await log.append(Buffer.from('lost'));
    await log.close();
    expect(await readFile(join(folder, 'run-1'), 'utf8')).toBe('a file where a folder should be');
  });

  it('never fails the task where the file is a folder', async () => {
    const path = attemptLogPath(folder, NAME);
    const below = openAttemptLog(path, NAME);
    below.write('makes the folder');
    await below.close();
    const log = openAttemptLog(folder, NAME);
    log.write('lost');
    await log.append(Buffer.alloc(1_000_000));
    await log.close();
    expect(dirname(below.path).startsWith(path)).toBe(true);
  });
});
