import { describe, expect, it } from 'vitest';
import type { PoolDescription } from '../pool/shared-pool.js';
import { widthOf } from './progress/text.js';
import { renderPool, renderPools } from './render-pools.js';

const now = Date.parse('2026-11-01T12:00:00.000Z');
const gpu: PoolDescription = {
  name: 'gpu',
  slots: 4,
  policy: 'fair',
  taken: 5,
  holding: 3,
  waiting: 30,
  holders: [
    { run: 'nightly-1', task: 'train', slots: 4, since: '2026-11-01T11:58:00.000Z' },
    { run: 'nightly-2', task: '', slots: 1, since: '2026-11-01T11:59:57.000Z' },
  ],
  waiters: [{ run: 'nightly-3', task: 'huge', slots: 8, since: '2026-11-01T11:59:58.000Z', tooLarge: true }],
};
const api: PoolDescription = {
  name: 'api',
  rate: { count: 20, per: 60_000 },
  recent: 7,
  policy: 'fcfs',
  taken: 0,
  holding: 0,
  waiting: 0,
  holders: [],
  waiters: [],
};

describe('renderPools', () => {
  it('gives each pool a line', () => {
    expect(renderPools([api, gpu], { width: 100, now, color: false }).split('\n')).toEqual([
      'POOL  SLOTS  TAKEN  RATE  WAITING  POLICY',
      'api   -      0      20/m  0        fcfs',
      'gpu   4      5      -     30       fair',
    ]);
  });
});

describe('renderPool', () => {
  it('says how it stands, who holds it, and who waits', () => {
    expect(renderPool(gpu, { width: 100, now, color: false })).toBe(
      [
        'gpu  5 of 4 taken · policy fair',
        '',
        'HOLDS: RUN  TASK   SLOTS  FOR',
        'nightly-1   train  4      2 m 00 s',
        'nightly-2   -      1      3.0 s',
        '… and 1 more',
        '',
        'WAITS: RUN  TASK  SLOTS  FOR',
        'nightly-3   huge  8      2.0 s, for more than there is',
        '… and 29 more',
      ].join('\n'),
    );
    expect(renderPool(api, { width: 100, now, color: false })).toBe('api  0 taken · rate 20/m, 7 used · policy fcfs');
  });

  it('cuts long ids where the terminal is narrow, and lets nothing of theirs reach it', () => {
    const holders = [
      { run: `r\u001b[31m${'r'.repeat(80)}`, task: 't'.repeat(80), slots: 1, since: '2026-11-01T11:59:57.000Z' },
    ];
    const text = renderPool({ ...gpu, holders }, { width: 60, now, color: false });
    expect(text).not.toContain('\u001b');
    for (const line of text.split('\n').slice(2, 4)) expect(widthOf(line)).toBeLessThanOrEqual(60);
  });
});
