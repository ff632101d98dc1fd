import { describe, expect, it } from 'vitest';
import type { LogLevel } from './log-level.js';
import { createLogger, type LoggerOptions } from './logger.js';

function logTo(options: Partial<LoggerOptions> & { isTTY?: boolean }): {
  log: ReturnType<typeof createLogger>;
  lines: string[];
} {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line), isTTY: options.isTTY ?? false };
  return { log: createLogger({ level: 'debug', stream, ...options }), lines };
}

describe('createLogger', () => {
  it('writes one JSON line for each entry, with level, time, process, message and the fields', () => {
    const { log, lines } = logTo({});
    log
      .child({ run: 'r-1', dag: 'sums', task: 'a\nb' })
      .warn('Attempt failed', { attempt: 2, code: 'SHELL_EXIT', ms: 12 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    const entry = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(entry).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      pid: process.pid,
      hostname: expect.any(String) as string,
      msg: 'Attempt failed',
      run: 'r-1',
      dag: 'sums',
      task: 'a\nb',
      attempt: 2,
      code: 'SHELL_EXIT',
      ms: 12,
    });
  });

  it.each<[LogLevel, string]>([
    ['silent', ''],
    ['error', 'error'],
    ['warn', 'error warn'],
    ['info', 'error warn info'],
    ['debug', 'error warn info debug'],
  ])('at %s lets through: %s', (level, through) => {
    const { log, lines } = logTo({ level });
    for (const one of ['error', 'warn', 'info', 'debug'] as const) log[one](one);
    const levels = lines.map((line) => (JSON.parse(line) as { level: string }).level);
    expect(levels.join(' ')).toBe(through);
  });

  it('writes short lines for a terminal, which nothing in them can steer', () => {
    const { log, lines } = logTo({ isTTY: true });
    const attempt = log.child({ run: 'r-\u001b[31m1', dag: 'sums', task: 'load', attempt: 3 });
    attempt.info('Attempt succeeded', { outcome: 'succeeded', ms: 40 });
    log.error('Broke', { errors: ['TypeError', 'Error'] });
    expect(lines).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d info  r-\?\[31m1\/load #3 Attempt succeeded outcome=succeeded ms=40\n$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d error Broke errors=TypeError < Error\n$/),
    ]);
  });

  it('heeds the format that is asked for, whatever the stream', () => {
    const json = logTo({ isTTY: true, format: 'json' });
    json.log.info('one');
    const text = logTo({ format: 'text' });
    text.log.info('one');
    expect(json.lines[0]).toMatch(/^\{/);
    expect(text.lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}one\n$/);
  });
});
