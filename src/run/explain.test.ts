import { describe, expect, it } from 'vitest';
import { dagOf, LiveRunDriver, type Drawing } from '../../test/support/live-run-driver.js';
import type { Dag } from '../dag/dag.js';

function begun(drawing: Drawing, more: Partial<Dag> = {}): LiveRunDriver {
  const driver = new LiveRunDriver(dagOf(drawing, more));
  driver.began();
  return driver;
}

function reasonsOf(driver: LiveRunDriver, name: string): (readonly [code: string, message: string])[] {
  return driver.live.explain(name).reasons.map(({ code, message }) => [code, message]);
}

const BROKEN = { error: { code: 'SHELL_EXIT', message: 'Code 1.' } };

describe('explain', () => {
  it('names the dependencies that a task waits for, and their states', () => {
    const driver = begun({ a: [], b: [], c: ['a'], d: ['b', 'c'] }, { concurrency: 1 });
    expect(driver.live.explain('d')).toEqual({
      task: 'd',
      state: 'pending',
      reasons: [{ code: 'needs', message: 'It waits for b (ready), c (pending).', tasks: ['b', 'c'] }],
    });
  });

  it('shows five of many dependencies, and lists twenty', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`t${i}`, []]));
    const driver = begun({ ...many, last: Object.keys(many) }, { concurrency: 1 });
    const [reason] = driver.live.explain('last').reasons;
    expect(reason!.message).toMatch(/^It waits for t0 \(running\), .*t4 \(ready\), and 25 more\.$/);
    expect(reason!.tasks).toHaveLength(20);
  });

  it('says who paused the run and the task, when, and until when', () => {
    const driver = begun({ a: [], b: [] }, { concurrency: 1 });
    driver.act('pauseTask', { task: 'b', by: 'bea' });
    expect(reasonsOf(driver, 'b')).toEqual([
      ['task_paused', 'The task is paused by bea since 1970-01-01T00:00:01.001Z.'],
    ]);
    driver.act('pause', { by: 'ann', until: '2030-01-01T00:00:00Z' });
    expect(reasonsOf(driver, 'b')).toEqual([
      [
        'run_paused',
        'The run is paused (drain) by ann since 1970-01-01T00:00:01.002Z. It goes on by itself at 2030-01-01T00:00:00.000Z.',
      ],
      ['task_paused', 'The task is paused by bea since 1970-01-01T00:00:01.001Z.'],
    ]);
    driver.act('resume');
    driver.act('pause', { mode: 'interrupt' });
    expect(reasonsOf(driver, 'b')[0]).toEqual([
      'run_paused',
      'The run is paused (interrupt) since 1970-01-01T00:00:01.004Z.',
    ]);
  });

  it('says that failFast holds', () => {
    const driver = begun({ a: [], b: [], c: [] }, { failFast: true, concurrency: 2 });
    driver.failed('a', BROKEN);
    expect(reasonsOf(driver, 'c')).toEqual([['fail_fast', expect.stringContaining('`failFast` holds')]]);
  });

  it('counts the slots, and tells the place in the queue by each policy', () => {
    const priority = (number: number): { priority: number } => ({ priority: number });
    const driver = begun({ a: priority(9), b: priority(0), c: priority(5), d: priority(1) }, { concurrency: 1 });
    const slots = ['slots', 'All slots are taken: 1 tasks run, and the concurrency is 1.'] as const;
    const placeOf = (name: string): string => {
      const [first, second] = reasonsOf(driver, name);
      expect(first).toEqual(slots);
      expect(second![0]).toBe('queue');
      return second![1].replace('Its place in the queue: ', '');
    };
    expect(['b', 'c', 'd'].map(placeOf)).toEqual([
      'it is the next, by the policy fcfs.',
      '1 of 3 go first, by the policy fcfs.',
      '2 of 3 go first, by the policy fcfs.',
    ]);
    driver.act('setPolicy', { policy: 'priority' });
    expect(['b', 'c', 'd'].map(placeOf)).toEqual([
      '2 of 3 go first, by the policy priority.',
      'it is the next, by the policy priority.',
      '1 of 3 go first, by the policy priority.',
    ]);
    driver.act('setPriority', { task: 'b', priority: 7 });
    expect(placeOf('b')).toBe('it is the next, by the policy priority.');
    driver.act('pauseTask', { task: 'b' });
    expect(placeOf('c')).toBe('it is the next, by the policy priority.');
  });

  it('names every policy of several, and the place that they give together', () => {
    const of = (priority: number, estimate: number, group: string): object => ({ priority, estimate, group });
    const tasks = { a: {}, b: of(0, 1, 'x'), c: of(1, 9, 'x'), d: of(1, 2, 'x'), e: of(1, 5, 'y') };
    const driver = begun(tasks, { concurrency: 1 });
    const placeOf = (name: string): string | undefined => reasonsOf(driver, name).at(-1)?.[1];
    driver.act('setPolicy', { policy: 'priority, sjf' });
    expect(['d', 'e', 'c', 'b'].map(placeOf)).toEqual([
      'Its place in the queue: it is the next, by the policy priority, then sjf.',
      'Its place in the queue: 1 of 4 go first, by the policy priority, then sjf.',
      'Its place in the queue: 2 of 4 go first, by the policy priority, then sjf.',
      'Its place in the queue: 3 of 4 go first, by the policy priority, then sjf.',
    ]);
    driver.act('setPolicy', { policy: 'round-robin,sjf' });
    expect(['b', 'e', 'd', 'c'].map(placeOf)).toEqual([
      'Its place in the queue: it is the next, by the policy round-robin, then sjf.',
      'Its place in the queue: 1 of 4 go first, by the policy round-robin, then sjf.',
      'Its place in the queue: 2 of 4 go first, by the policy round-robin, then sjf.',
      'Its place in the queue: 3 of 4 go first, by the policy round-robin, then sjf.',
    ]);
  });

  it('does not name what a ready task needs that was set back without it', () => {
    const driver = begun({ a: { continueOnError: true }, x: [], b: ['a'] }, { concurrency: 1 });
    driver.failed('a');
    expect(driver.states).toBe('a=failed x=running b=ready');
    driver.act('retryTask', { task: 'a', dependents: false });
    expect(reasonsOf(driver, 'b').map(([code]) => code)).toEqual(['slots', 'queue']);
  });

  it('says since when a task runs, and that it was told to stop', () => {
    const driver = begun({ a: [], b: [] });
    expect(reasonsOf(driver, 'a')).toEqual([['running', 'It has been running since 1970-01-01T00:00:01.000Z.']]);
    driver.act('cancelTask', { task: 'a' });
    expect(reasonsOf(driver, 'a')[0]![1]).toBe(
      'It has been running since 1970-01-01T00:00:01.000Z, and was told to stop.',
    );
    driver.act('cancel');
    expect(reasonsOf(driver, 'b')[0]![1]).toContain('told to stop');
  });

  it('follows a failure to where it began', () => {
    const driver = begun({ a: [], b: ['a'], c: ['b'], x: [], d: ['c', 'x'], e: [] });
    driver.failed('a', BROKEN);
    driver.act('cancelTask', { task: 'x' });
    driver.wasCancelled('x');
    expect(driver.live.explain('d')).toEqual({
      task: 'd',
      state: 'upstream_failed',
      reasons: [
        {
          code: 'upstream',
          message:
            'It never ran: it needs c (upstream_failed), x (cancelled). It began with x (cancelled); a: SHELL_EXIT: Code 1.',
          tasks: ['c', 'x'],
        },
      ],
    });
  });

  it('names the skipped tasks that a skipped one needs, and says of one that was skipped itself only when', () => {
    const driver = begun({ a: [], b: ['a'], c: [] });
    driver.act('skipTask', { task: 'a' });
    driver.wasCancelled('a');
    expect(reasonsOf(driver, 'b')).toEqual([['upstream', 'It never ran: it needs a (skipped).']]);
    expect(reasonsOf(driver, 'a')).toEqual([['ended', 'It ended skipped at 1970-01-01T00:00:01.002Z.']]);
  });

  it('says how an ended task ended', () => {
    const driver = begun({ a: [], b: [] });
    driver.failed('a', { ...BROKEN, attempts: 3 });
    driver.succeeded('b');
    expect(reasonsOf(driver, 'a')).toEqual([
      ['ended', 'It ended failed after 3 attempts at 1970-01-01T00:00:01.001Z: SHELL_EXIT: Code 1.'],
    ]);
    expect(reasonsOf(driver, 'b')).toEqual([['ended', 'It ended succeeded at 1970-01-01T00:00:01.002Z.']]);
  });

  it('refuses a task that the run does not have', () => {
    expect(() => begun({ a: [] }).live.explain('b')).toThrow(expect.objectContaining({ code: 'TASK_NOT_FOUND' }));
  });
});
