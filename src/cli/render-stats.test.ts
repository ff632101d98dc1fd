import { describe, expect, it } from 'vitest';
import { renderStats } from './render-stats.js';

const plain = { width: 100, color: false };
const load = { task: 'load', count: 120, samples: 50, estimate: 74_000, p90: 92_400, latest: 999, error: 0.123 };

describe('renderStats', () => {
  it('has a line for each task, and the columns that say something', () => {
    expect(renderStats([load, { task: 'check', count: 1, samples: 1, estimate: 40, p90: 40, latest: 40 }], plain)).toBe(
      [
        'TASK   RUNS  ESTIMATE       P90  LATEST  OFF BY',
        'load    120  1 m 14 s  1 m 32 s  999 ms    12 %',
        'check     1     40 ms     40 ms   40 ms       -',
      ].join('\n'),
    );
    const more = renderStats(
      [
        { ...load, perSize: 0.004 },
        { task: 'new', declared: 5_000 },
      ],
      plain,
    ).split('\n');
    expect(more).toEqual([
      'TASK  RUNS  ESTIMATE       P90  LATEST  OFF BY  PER SIZE  DECLARED',
      'load   120  1 m 14 s  1 m 32 s  999 ms    12 %  0.004 ms         -',
      'new      -         -         -       -       -         -     5.0 s',
    ]);
  });

  it('cuts long names, and shows nothing that a terminal would obey', () => {
    const name = `convert-${'x'.repeat(60)}~undo`;
    const lines = renderStats(
      [
        { ...load, task: name },
        { ...load, task: 'a\u001b[31mb' },
      ],
      { width: 70, color: false },
    );
    expect(lines.split('\n').every((line) => line.length <= 70)).toBe(true);
    expect(lines).toContain('~undo  ');
    expect(lines).not.toContain('\u001b');
  });
});
