import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ActAnswer } from '../run/act.js';
import { widthOf } from './progress/text.js';
import { renderAnswer } from './render-answer.js';

const plain = { width: 80, color: false };

function answerOf(count: number, changed = count): ActAnswer {
  const tasks = Array.from({ length: count }, (_, i) => ({
    name: `task-${i + 1}`,
    from: 'pending' as const,
    to: 'skipped' as const,
  }));
  return { changed: true, message: 'Done.', state: 'running', tasks, tasksChanged: changed };
}

describe('renderAnswer', () => {
  it('gives the sentence alone where no task changed', () => {
    expect(renderAnswer(answerOf(0), plain)).toBe('Done.');
  });

  it('gives a line for each task that changed', () => {
    expect(renderAnswer(answerOf(2), plain)).toBe(
      'Done.\n  – task-1 pending -> skipped\n  – task-2 pending -> skipped',
    );
  });

  it('names 20 tasks, and counts the others, those that the answer itself leaves out too', () => {
    const lines = renderAnswer(answerOf(100, 5_000), plain).split('\n');
    expect(lines).toHaveLength(22);
    expect(lines.at(-2)).toBe('  – task-20 pending -> skipped');
    expect(lines.at(-1)).toBe('  … and 4980 more');
    expect(renderAnswer(answerOf(20), plain)).not.toContain('more');
  });

  it('counts the items of a fan-out that changed alike, unless they are few', () => {
    const item = (index: number, to: 'cancelled' | 'skipped') =>
      ({ name: `load[${index}]`, from: 'pending', to }) as const;
    const items = Array.from({ length: 80 }, (_, i) => item(i, 'cancelled'));
    const tasks = [...items, item(80, 'skipped'), { name: 'end', from: 'pending', to: 'cancelled' } as const];
    expect(renderAnswer({ ...answerOf(0), tasks, tasksChanged: 300 }, plain).split('\n')).toEqual([
      'Done.',
      '  ■ load 80 items pending -> cancelled',
      '  – load[80] pending -> skipped',
      '  ■ end pending -> cancelled',
      '  … and 218 more',
    ]);
  });

  it('keeps to the width, and colours change nothing but colours', () => {
    const { tasks, ...answer } = answerOf(1);
    const long = { ...answer, tasks: tasks.map((task) => ({ ...task, name: 'n'.repeat(300) })) };
    const text = renderAnswer(long, { width: 40, color: false });
    expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(40);
    const coloured = renderAnswer(long, { width: 40, color: true });
    expect(coloured).not.toBe(text);
    expect(stripVTControlCharacters(coloured)).toBe(text);
  });

  it('lets no escape code through', () => {
    expect(renderAnswer({ ...answerOf(0), message: 'A \u001b[2Jreason\nof two lines.' }, plain)).toBe(
      'A reason of two lines.',
    );
  });
});
