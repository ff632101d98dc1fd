import { describe, expect, it } from 'vitest';
import type { RunResult, TaskResult } from '../../run/run.js';
import { renderSummary } from './summary.js';

const ended = { startedAt: '2026-11-01T12:00:00.000Z', endedAt: '2026-11-01T12:00:04.200Z', attempts: 1 };

function resultOf(tasks: Record<string, TaskResult>, status: RunResult['status'] = 'succeeded'): RunResult {
  const { startedAt, endedAt } = ended;
  return { runId: 'sales-1', dag: 'sales', status, startedAt, endedAt, tasks };
}

const options = { width: 60, color: false, leaves: [] };

describe('renderSummary', () => {
  it('tells how the run ended, how long it took, and the counts', () => {
    const result = resultOf({ a: { ...ended, status: 'succeeded' }, b: { ...ended, status: 'skipped' } });
    expect(renderSummary(result, options)).toBe('run sales-1 succeeded in 4.2 s: 1 succeeded, 1 skipped');
  });

  it('tells of each failed task its code, message, last lines of stderr, and log', () => {
    const error = {
      code: 'SHELL_EXIT',
      message: 'The command ended with code 3.',
      details: { exitCode: 3, stderr: 'one\ntwo\nthree\nfour\n    five\nsix \u001b[31mred\u001b[39m\n' },
    };
    const result = resultOf({ load: { ...ended, attempts: 2, status: 'failed', error } }, 'failed');
    expect(renderSummary(result, { ...options, logOf: (task) => `/logs/${task}.log` })).toBe(
      [
        'run sales-1 failed in 4.2 s: 1 failed',
        '  load (2 attempts) SHELL_EXIT: The command ended with code 3.',
        '    │ two',
        '    │ three',
        '    │ four',
        '    │     five',
        '    │ six red',
        '    log: /logs/load.log',
      ].join('\n'),
    );
  });

  it('does not repeat a line of stderr that is in the message', () => {
    const error = { code: 'SHELL_EXIT', message: 'exit code 3: no such table', details: { stderr: 'no such table\n' } };
    const result = resultOf({ load: { ...ended, status: 'failed', error } }, 'failed');
    expect(renderSummary(result, options).split('\n').slice(1)).toEqual([
      '  load SHELL_EXIT: exit code 3: no such table',
    ]);
  });

  it('tells what caused an error, and what caused that, but nothing twice', () => {
    const root = { code: 'ECONNREFUSED', message: 'connect\nrefused' };
    const cause = { code: 'FETCH', message: 'fetch failed', cause: root };
    const error = { code: 'HTTP_FAILED', message: 'No answer: fetch failed', cause };
    const result = resultOf({ load: { ...ended, status: 'failed', error } }, 'failed');
    expect(renderSummary(result, options).split('\n').slice(1)).toEqual([
      '  load HTTP_FAILED: No answer: fetch failed',
      '    caused by ECONNREFUSED: connect refused',
    ]);
  });

  it('tells how much a rerun did not have to do', () => {
    const result = resultOf({
      a: { ...ended, status: 'succeeded', takenOver: true },
      b: { ...ended, status: 'succeeded' },
    });
    expect(renderSummary({ ...result, rerunOf: 'sales-0' }, options)).toBe(
      'run sales-1 succeeded in 4.2 s: 2 succeeded (1 taken over from sales-0)',
    );
  });

  it('tells how much came from the cache', () => {
    const cached = { runId: 'sales-0', at: ended.startedAt };
    const result = resultOf({
      a: { ...ended, status: 'succeeded', cached },
      b: { ...ended, status: 'succeeded', takenOver: true },
    });
    expect(renderSummary(result, options)).toBe('run sales-1 succeeded in 4.2 s: 2 succeeded (1 taken over, 1 cached)');
  });

  it('tells ten failures, and how many more there are', () => {
    const tasks = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`t${i}`, { ...ended, status: 'failed' } as const]),
    );
    const lines = renderSummary(resultOf(tasks, 'failed'), options).split('\n');
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe('  … 2 more failed');
  });

  it('shows the outputs of the leaves, cut to the width', () => {
    const result = resultOf({
      a: { ...ended, status: 'succeeded', output: { hidden: true } },
      b: { ...ended, status: 'succeeded', output: { rows: [3], text: 'x'.repeat(100) } },
      c: { ...ended, status: 'succeeded', outputOmitted: true },
      d: { ...ended, status: 'succeeded' },
      e: { ...ended, status: 'succeeded', output: {} },
    });
    const lines = renderSummary(result, { ...options, leaves: ['b', 'c', 'd', 'e'] })
      .split('\n')
      .slice(1);
    expect(lines).toEqual([`  b → {"rows":[3],"text":"${'x'.repeat(33)}…`, '  c → (too large to show)']);
  });

  it('shows an output of a few texts one a line and whole, for people to copy', () => {
    const output = { page: `/reports/${'x'.repeat(80)}`, rows: 3 };
    const result = resultOf({ a: { ...ended, status: 'succeeded', output } });
    const lines = renderSummary(result, { ...options, leaves: ['a'] }).split('\n');
    expect(lines.slice(1)).toEqual(['  a', `    page  ${output.page}`, '    rows  3']);
  });

  const itemsOf = (name: string, count: number, failed: number): Record<string, TaskResult> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `${name}[${index}]`,
        {
          ...ended,
          status: index < failed ? 'failed' : 'succeeded',
          item: { of: name, index },
          ...(index < failed ? { error: { code: 'X', message: `Broke ${index}.` } } : {}),
        } satisfies TaskResult,
      ]),
    );

  it('counts the items of each fan-out apart, and tells the first few that failed', () => {
    const error = { code: 'FANOUT_FAILED', message: '2431 of 10000 items failed.' };
    const result = resultOf(
      { convert: { ...ended, status: 'failed', error }, ...itemsOf('convert', 10_000, 2_431) },
      'failed',
    );
    expect(renderSummary(result, options).split('\n')).toEqual([
      'run sales-1 failed in 4.2 s: 1 failed',
      '  convert: 10000 items, 7569 succeeded, 2431 failed',
      '  convert FANOUT_FAILED: 2431 of 10000 items failed.',
      '  convert[0] X: Broke 0.',
      '  convert[1] X: Broke 1.',
      '  convert[2] X: Broke 2.',
      '  … 2428 more failed',
    ]);
  });

  it('counts apart what was undone', () => {
    const result = resultOf(
      {
        charge: { ...ended, status: 'succeeded' },
        'charge~undo': { ...ended, status: 'succeeded', compensates: 'charge' },
      },
      'cancelled',
    );
    expect(renderSummary(result, options).split('\n')).toEqual([
      'run sales-1 cancelled in 4.2 s: 1 succeeded',
      '  undo: 1 succeeded',
    ]);
  });

  it("shows what the dag's outputs give, and not those of its last tasks", () => {
    const result = resultOf({ a: { ...ended, status: 'succeeded', output: 'hidden' } });
    const outputs = { rows: 3, page: { file: '/a', bytes: 7 }, list: Array.from({ length: 99 }, () => 1), none: null };
    const lines = renderSummary({ ...result, outputs }, { ...options, width: 30, leaves: ['a'] }).split('\n');
    expect(lines.slice(1)).toEqual([
      '  rows → 3',
      '  page',
      '    file   /a',
      '    bytes  7',
      '  list → [1,1,1,1,1,1,1,1,1,1…',
      '  none → null',
    ]);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`o${i}`, i]));
    expect(
      renderSummary({ ...result, outputs: many }, options)
        .split('\n')
        .at(-1),
    ).toBe('  … 28 more outputs');
  });
});
