import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { TaskDescription } from '../run/run.js';
import { formatClock } from './progress/duration.js';
import { widthOf } from './progress/text.js';
import { renderTask, type TaskScreen } from './render-task.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

const screen: TaskScreen = { width: 80, now: BEGAN + 60_000, color: false, runId: 'r', commands: '' };

const failed: TaskDescription = {
  name: 'convert[3]',
  state: 'failed',
  attempts: 2,
  startedAt: at(1),
  endedAt: at(3),
  item: { of: 'convert', index: 3 },
  needs: ['extract'],
  worker: '7@host',
  group: 'gpu',
  error: { code: 'HTTP_FAILED', message: 'No\nanswer.', cause: { code: 'ECONNREFUSED', message: 'refused' } },
};

describe('renderTask', () => {
  it('tells all that is known of a task', () => {
    expect(renderTask(failed, screen).split('\n')).toEqual([
      '✖ convert[3]  failed  2.0 s  2 attempts',
      '  item      3 of convert',
      '  needs     extract',
      `  started   ${formatClock(at(1))}`,
      `  ended     ${formatClock(at(3))}`,
      '  worker    7@host',
      '  group     gpu',
      '  error     HTTP_FAILED: No answer.',
      '  error     ECONNREFUSED: refused',
    ]);
  });

  it('tells the files that it left, how large its output is, and where a cached one comes from', () => {
    const task: TaskDescription = {
      name: 'pack',
      state: 'succeeded',
      attempts: 1,
      outputBytes: 12,
      artifacts: { report: { sha256: 'ab12', bytes: 345 } },
      cached: { runId: 'r-0', at: at(0) },
    };
    expect(renderTask(task, screen).split('\n')).toEqual([
      '✔ pack  succeeded',
      `  cached    from r-0, ${formatClock(at(0))}`,
      '  output    12 bytes',
      '  artifact  report, 345 bytes, sha256 ab12',
    ]);
  });

  it('tells the whole question that an approval asks, and how to answer', () => {
    const message = 'May this be deployed? '.repeat(20).trim();
    const task: TaskDescription = {
      name: 'deploy',
      state: 'waiting',
      attempts: 1,
      waitsFor: { kind: 'approval', message, approvers: ['ann'] },
    };
    const lines = renderTask(task, { ...screen, width: 40 }).split('\n');
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain(`by ann: "${message}"`);
    expect(Math.max(...lines.slice(0, -1).map(widthOf))).toBeLessThanOrEqual(40);
    expect(lines.at(-1)?.trim()).toBe('dagwright approve r deploy --by NAME');
  });

  it('lets no escape code through, and colours change nothing but colours', () => {
    const evil = { ...failed, error: { code: 'X', message: '\u001b[2Jx' }, worker: '\u001b[2Jw' };
    const plain = renderTask(evil, screen);
    expect(plain).not.toContain('\u001b');
    expect(stripVTControlCharacters(renderTask(evil, { ...screen, color: true }))).toBe(plain);
  });
});
