import { describe, expect, it } from 'vitest';
import type { WorkerSummary } from '../client/list-workers.js';
import { widthOf } from './progress/text.js';
import { renderWorkers } from './render-workers.js';

const now = Date.parse('2026-11-01T12:10:00.000Z');
const plain: WorkerSummary = {
  worker: '17@build-1',
  slots: 100,
  running: 3,
  speed: 1,
  labels: [],
  state: 'leaving',
  since: '2026-11-01T12:09:57.600Z',
};
const large: WorkerSummary = {
  worker: `4711@${'m'.repeat(60)}`,
  group: 'gpu',
  slots: 8,
  running: 8,
  speed: 2.5,
  labels: ['cuda', 'gpu', 'zone=eu-1'],
  cpu: 16,
  memory: 68_719_476_736,
  cost: 1.5,
  standby: true,
  state: 'live',
  since: '2026-11-01T11:08:00.000Z',
};

describe('renderWorkers', () => {
  it('gives each worker a line', () => {
    const lines = renderWorkers([plain, large], { width: 200, now, color: false }).split('\n');
    expect(lines[0]).toMatch(/^GROUP +WORKER +RUNNING +SLOTS +SPEED +LABELS +CPU +MEMORY +STATE +UP$/);
    expect(lines[1]).toMatch(/^- +17@build-1 +3 +100 +1 +- +- +- +leaving +2\.4 s$/);
    expect(lines[2]).toMatch(/^gpu +4711@m+ +8 +8 +2\.5 +cuda gpu zone=eu-1 +16 +64Gi +live, standby +1 h 02 m$/);
  });

  it.each([100, 120])('cuts names where the terminal has but %d columns', (width) => {
    const lines = renderWorkers([plain, large], { width, now, color: false }).split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
    expect(lines[2]).toMatch(/ 64Gi +live, standby +1 h 02 m$/);
  });

  it('shows control characters of nobody', () => {
    const evil = { ...plain, worker: '1@\u001b[31mevil\nline' };
    const text = renderWorkers([evil], { width: 200, now, color: false });
    expect(text.split('\n')).toHaveLength(2);
    expect(text).not.toContain('\u001b');
  });
});
