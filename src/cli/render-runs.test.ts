import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../client/dag-client.js';
import { widthOf } from './progress/text.js';
import { renderRuns } from './render-runs.js';

const now = Date.parse('2026-11-01T12:10:00.000Z');
const runs: RunSummary[] = [
  { runId: 'sales-2', dag: 'sales', state: 'running', startedAt: '2026-11-01T12:08:00.000Z' },
  {
    runId: `flights-${'x'.repeat(100)}`,
    dag: 'flights',
    state: 'failed',
    startedAt: '2026-11-01T11:00:00.000Z',
    endedAt: '2026-11-01T11:00:04.200Z',
  },
];

describe('renderRuns', () => {
  it('gives each run a line: id, dag, state, start, and how long it takes or took', () => {
    const lines = renderRuns(runs, { width: 200, now, color: false }).split('\n');
    expect(lines[0]).toMatch(/^RUN +DAG +STATE +STARTED +TOOK$/);
    expect(lines[1]).toMatch(/^sales-2 +sales +running +2026-11-01 \d\d:\d\d:00 {2}2 m 00 s$/);
    expect(lines[2]).toMatch(/^flights-x{100} +flights +failed +2026-11-01 \d\d:\d\d:00 {2}4\.2 s$/);
  });

  it('cuts ids where the terminal is narrow', () => {
    const lines = renderRuns(runs, { width: 70, now, color: false }).split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(70);
    expect(lines[2]).toMatch(/^flights-x+… /);
  });
});
