import { describe, expect, it } from 'vitest';
import { dagOf } from '../../test/support/live-run-driver.js';
import { KEPT_OUTPUT_BYTES, RunRecord, type RunFacts } from './run-record.js';
import type { TaskState } from '../dag/task-state.js';

const DAG = dagOf({ a: [], b: ['a'], c: ['b'] });

function factsOf(...states: TaskState[]): RunFacts {
  return {
    state: 'running',
    counts: {} as RunFacts['counts'],
    runBeganAt: 0,
    runEndedAt: undefined,
    stateOf: (task) => states[task] ?? 'pending',
    startedAt: () => undefined,
    endedAt: () => undefined,
    isPaused: (task) => task === 1,
  };
}

function carried(record: RunRecord, ...states: TaskState[]): RunRecord {
  return RunRecord.restore(DAG, JSON.parse(JSON.stringify(record.snapshot(factsOf(...states)))) as never);
}

describe('a record', () => {
  it('describes the tasks of a page, in order, and no others', () => {
    const record = new RunRecord(DAG);
    const page = (from?: number, to?: number): string[] => record.tasks(factsOf(), from, to).map(({ name }) => name);
    expect(page()).toEqual(['a', 'b', 'c']);
    expect(page(1)).toEqual(['b', 'c']);
    expect(page(1, 2)).toEqual(['b']);
    expect(page(2, 90)).toEqual(['c']);
    expect(page(3, 4)).toEqual([]);
    expect(record.tasks(factsOf(), 1, 2)[0]).toMatchObject({ paused: true, state: 'pending' });
  });

  it('knows who ran which task, each name kept once, and how large its output is', () => {
    const record = new RunRecord(DAG);
    for (const task of [0, 1, 2]) {
      record.began(task);
      record.ended(task, { attempts: 1, output: 'é', worker: task === 1 ? 'two@host' : 'one@host' });
    }
    expect(record.snapshot(factsOf())?.workers).toEqual({
      names: ['one@host', 'two@host'],
      of: [
        [0, 0],
        [1, 1],
        [2, 0],
      ],
    });
    const tasks = carried(record).tasks(factsOf('succeeded', 'succeeded', 'succeeded'));
    expect(tasks.map(({ worker }) => worker)).toEqual(['one@host', 'two@host', 'one@host']);
    expect(tasks[0]!.outputBytes).toBeGreaterThanOrEqual(4);
  });

  it('forgets what a task left when it is open again, and keeps its attempts', () => {
    const record = new RunRecord(DAG);
    record.began(0);
    record.ended(0, { attempts: 2, output: 1 });
    record.takenOver(1, 'old', false);
    record.reopened(0);
    record.reopened(1);
    expect(record.needsOf(1)).toEqual({});
    expect(record.needsOf(2)).toEqual({});
    const [a, b] = record.tasks(factsOf());
    expect(a).toEqual({ name: 'a', state: 'pending', attempts: 2 });
    expect(b).not.toHaveProperty('takenOver');
  });

  it('counts attempts on from an earlier start across a carry', () => {
    const record = new RunRecord(DAG);
    record.began(0);
    record.ended(0, { attempts: 3 });
    record.began(0);
    const after = carried(record, 'running');
    after.attemptBegan(0, 2);
    expect(after.attemptsOf(0)).toBe(5);
    after.ended(0, { attempts: 2 });
    expect(after.attemptsOf(0)).toBe(5);
    expect(after.snapshot(factsOf('succeeded'))).not.toHaveProperty('earlier');
  });

  it('keeps the outputs that tasks wait for, drops others that do not fit, and knows which', () => {
    const record = new RunRecord(DAG);
    const large = 'x'.repeat(KEPT_OUTPUT_BYTES - 100);
    record.ended(0, { attempts: 1, output: large });
    record.ended(1, { attempts: 1, output: 'y'.repeat(200) });
    const after = carried(record, 'succeeded', 'succeeded');
    expect([after.hasLostOutput(0), after.hasLostOutput(1)]).toEqual([true, false]);
    expect(after.needsOf(2)).toEqual({ b: 'y'.repeat(200) });
    expect(after.tasks(factsOf('succeeded'))[0]!.outputBytes).toBe(large.length + 2);
    expect(carried(after, 'succeeded', 'succeeded').tasks(factsOf())[0]!.outputBytes).toBe(large.length + 2);
    record.ended(1, { attempts: 1, output: `${large}${large}` });
    expect(record.snapshot(factsOf('succeeded', 'succeeded'))).toBeUndefined();
  });

  it('takes tasks in that are added', () => {
    const record = new RunRecord(DAG);
    record.ended(0, { attempts: 1, output: 5 });
    record.grow(dagOf({ a: [], b: ['a'], c: ['b'], d: ['a'] }));
    expect(record.needsOf(3)).toEqual({ a: 5 });
    expect(record.tasks(factsOf())).toHaveLength(4);
  });
});
