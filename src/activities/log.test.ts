import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderLogStore } from './folder-log-store.js';
import { attemptLogPath } from './log.js';

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

  it.each(['convert[3]', 'charge~undo', 'convert[12]~undo'])(
    'keeps the logs of %s in a folder of its own',
    async (task) => {
      const folder = await mkdtemp(join(tmpdir(), 'log-test-'));
      try {
        const store = folderLogStore(folder);
        for (const name of [task, 'convert', 'charge']) {
          const log = store.open({ runId: 'run-1', task: name, attempt: 1 });
          log.write(`of ${name}`);
          await log.close();
        }
        const chunk = await store.read({ runId: 'run-1', task, attempt: 1 }, 0);
        expect(Buffer.from(chunk?.bytes ?? []).toString()).toBe(`of ${task}\n`);
        expect(await store.attempts('run-1', task)).toHaveLength(1);
        for (const name of await readdir(join(folder, 'run-1'))) expect(name).toMatch(/^[A-Za-z0-9_%-]+$/);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

  it('differs for run ids that differ', () => {
    const ids = ['a', 'A', 'a/b', 'a%2Fb', '..', '%', '', 'x'.repeat(200), `${'x'.repeat(199)}y`];
    expect(new Set(ids.map((runId) => attemptLogPath('/logs', { ...NAME, runId }))).size).toBe(ids.length);
  });
});
