import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../client/list-runs.js';
import { widthOf } from './progress/text.js';
import { renderRuns } from './render-runs.js';

const now = Date.parse('2026-11-01T12:10:00.000Z');
const runs: RunSummary[] = [
  { runId: 'sales-2', dag: 'sales', state: 'running', startedAt: '2026-11-01T12:08:00.000Z', tags: [] },
  {
    runId: `flights-${'x'.repeat(100)}`,
    dag: 'flights',
    state: 'failed',
    startedAt: '2026-11-01T11:00:00.000Z',
    endedAt: '2026-11-01T11:00:04.200Z',
    tags: ['nightly', 'finance'],
    failedTasks: 12,
  },
];

describe('renderRuns', () => {
  it('gives each run a line: id, dag, state, failed tasks, start, how long it takes or took, and tags', () => {
    const lines = renderRuns(runs, { width: 200, now, color: false }).split('\n');
    expect(lines[0]).toMatch(/^RUN +DAG +STATE +STARTED +TOOK +TAGS$/);
    expect(lines[1]).toMatch(/^sales-2 +sales +running +2026-11-01 \d\d:\d\d:00 {2}2 m 00 s$/);
    expect(lines[2]).toMatch(
      /^flights-x{100} +flights +failed ✖12 +2026-11-01 \d\d:\d\d:00 {2}4\.2 s +nightly finance$/,
    );
  });

  it.each([70, 79, 99, 119])('cuts ids where the terminal has but %d columns', (width) => {
    const lines = renderRuns(runs, { width, now, color: false }).split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
    expect(lines[2]).toMatch(/^flights-x+… /);
  });

  it('leaves out seconds and tags where there is little room, and tags where there are none', () => {
    expect(renderRuns(runs, { width: 79, now, color: false })).toMatch(/ \d\d:\d\d {2}4\.2 s$/);
    expect(renderRuns(runs.slice(0, 1), { width: 200, now, color: false })).not.toContain('TAGS');
  });
});
