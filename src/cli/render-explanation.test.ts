import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Explanation } from '../run/explanation.js';
import { widthOf } from './progress/text.js';
import { renderExplanation } from './render-explanation.js';

const explanation: Explanation = {
  task: 'load',
  state: 'pending',
  reasons: [
    { code: 'needs', message: '2 tasks that it needs have not ended.', tasks: ['extract', 'convert'] },
    { code: 'run_paused', message: 'The run was paused by ana.' },
    { code: 'upstream', message: 'extract failed.', tasks: ['extract'] },
  ],
};

describe('renderExplanation', () => {
  it('gives the state, each reason, and the tasks that the reason does not name itself', () => {
    expect(renderExplanation(explanation, { width: 80, color: false })).toBe(
      [
        '○ load  pending',
        '  - 2 tasks that it needs have not ended.',
        '      extract, convert',
        '  - The run was paused by ana.',
        '  - extract failed.',
      ].join('\n'),
    );
  });

  it('knows items and what undoes a task by their names', () => {
    const upstream = { code: 'upstream', message: 'convert[3] failed.', tasks: ['convert[3]', 'charge~undo'] } as const;
    const lines = (reason: Explanation['reasons'][number]): string[] =>
      renderExplanation({ ...explanation, reasons: [reason] }, { width: 80, color: false }).split('\n');
    expect(lines({ ...upstream, tasks: ['convert[3]'] })).toHaveLength(2);
    expect(lines(upstream).at(-1)).toBe('      convert[3], charge~undo');
    expect(lines({ ...upstream, tasks: ['convert'] }).at(-1)).toBe('      convert');
  });

  it('keeps to the width, colours change nothing but colours, and no escape code comes through', () => {
    const tasks = Array.from({ length: 20 }, (_, i) => `task-number-${i}`);
    const long: Explanation = {
      ...explanation,
      reasons: [{ code: 'queue', message: `By \u001b[2J${'many words '.repeat(20)}.`, tasks }],
    };
    const plain = renderExplanation(long, { width: 40, color: false });
    expect(Math.max(...plain.split('\n').map(widthOf))).toBeLessThanOrEqual(40);
    expect(plain).not.toContain('\u001b');
    expect(stripVTControlCharacters(renderExplanation(long, { width: 40, color: true }))).toBe(plain);
  });
});
