import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
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

  it('differs for run ids that differ', () => {
    const ids = ['a', 'A', 'a/b', 'a%2Fb', '..', '%', '', 'x'.repeat(200), `${'x'.repeat(199)}y`];
    expect(new Set(ids.map((runId) => attemptLogPath('/logs', { ...NAME, runId }))).size).toBe(ids.length);
  });
});
