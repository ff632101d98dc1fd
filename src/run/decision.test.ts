import { describe, expect, it } from 'vitest';
import { dagOf, LiveRunDriver } from '../../test/support/live-run-driver.js';
import { task } from '../../test/support/live-run-world.js';
import type { ActType } from './act.js';
import { DagwrightError } from '../dag/errors.js';

/** One task in each state: `cancelled`, `ended` (skipped), and so on, by name. Two slots: `running` has one of them. */
function inAllStates(): LiveRunDriver {
  const dag = dagOf(
    {
      failed: [],
      running: [],
      succeeded: [],
      cancelled: [],
      skipped: [],
      ready: [],
      upstream_failed: ['failed'],
      pending: ['running'],
    },
    { concurrency: 3 },
  );
  const driver = new LiveRunDriver(dag);
  driver.began();
  driver.act('pause');
  driver.failed('failed', { error: { code: 'SHELL_EXIT', message: 'It broke.' } });
  driver.succeeded('succeeded');
  driver.act('cancelTask', { task: 'cancelled' });
  driver.act('skipTask', { task: 'skipped' });
  for (const name of [
    'failed',
    'running',
    'succeeded',
    'cancelled',
    'skipped',
    'ready',
    'upstream_failed',
    'pending',
  ]) {
    expect(driver.states).toContain(`${name}=${name}`);
  }
  return driver;
}

/** For each act by the state of its task: the state after it, `same`, or the code that it is refused with. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pauseTask: {
    pending: 'pending',
    ready: 'ready',
    running: 'ACT_REFUSED',
    succeeded: 'ACT_REFUSED',
    failed: 'ACT_REFUSED',
    skipped: 'ACT_REFUSED',
    upstream_failed: 'ACT_REFUSED',
    cancelled: 'ACT_REFUSED',
  },
  resumeTask: {
    pending: 'same',
    ready: 'same',
    running: 'same',
    succeeded: 'same',
    failed: 'same',
    skipped: 'same',
    upstream_failed: 'same',
    cancelled: 'same',
  },
  cancelTask: {
    pending: 'cancelled',
    ready: 'cancelled',
    running: 'running',
    succeeded: 'ACT_REFUSED',
    failed: 'ACT_REFUSED',
    skipped: 'ACT_REFUSED',
    upstream_failed: 'ACT_REFUSED',
    cancelled: 'same',
  },
  skipTask: {
    pending: 'skipped',
    ready: 'skipped',
    running: 'running',
    succeeded: 'ACT_REFUSED',
    failed: 'skipped',
    skipped: 'same',
    upstream_failed: 'skipped',
    cancelled: 'skipped',
  },
  completeTask: {
    pending: 'succeeded',
    ready: 'succeeded',
    running: 'running',
    succeeded: 'same',
    failed: 'succeeded',
    skipped: 'succeeded',
    upstream_failed: 'succeeded',
    cancelled: 'succeeded',
  },
  retryTask: {
    pending: 'same',
    ready: 'same',
    running: 'same',
    succeeded: 'ACT_REFUSED',
    failed: 'ready',
    skipped: 'ready',
    upstream_failed: 'ACT_REFUSED',
    cancelled: 'ready',
  },
  setPriority: {
    pending: 'pending',
    ready: 'ready',
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    skipped: 'skipped',
    upstream_failed: 'upstream_failed',
    cancelled: 'cancelled',
  },
};

const CASES = Object.entries(OUTCOMES).flatMap(([act, byState]) =>
  Object.entries(byState).map(([state, outcome]) => [act as ActType, state, outcome] as const),
);

function fieldsOf(act: ActType, name: string): object {
  return act === 'setPriority' ? { task: name, priority: 7 } : { task: name };
}

/** What the act did, or the error it was refused with. */
function tried(driver: LiveRunDriver, act: ActType, fields: object = {}): { changed: boolean } | DagwrightError {
  try {
    return driver.act(act, fields);
  } catch (error) {
    if (error instanceof DagwrightError) return error;
    throw error;
  }
}

describe('an act on a task', () => {
  it.each(CASES)('%s of one that is %s: %s', (act, state, outcome) => {
    const driver = inAllStates();
    const before = JSON.stringify(driver.live.snapshot());
    const done = tried(driver, act, fieldsOf(act, state));
    if (done instanceof DagwrightError) {
      expect(done.code).toBe(outcome);
      expect(JSON.stringify(driver.live.snapshot())).toBe(before);
      return;
    }
    expect(done.changed).toBe(outcome !== 'same');
    expect(driver.states).toContain(`${state}=${outcome === 'same' ? state : outcome}`);
    expect(driver.act(act, fieldsOf(act, state))).toMatchObject({ changed: false, instructions: [], tasks: [] });
  });

  it('is refused where the run has no such task, with the name that was meant', () => {
    const driver = inAllStates();
    expect(tried(driver, 'skipTask', { task: 'Ready' })).toMatchObject({
      code: 'TASK_NOT_FOUND',
      hint: 'Did you mean "ready"?',
    });
    expect(tried(driver, 'retryTask', { task: '__proto__' })).toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  it('that runs and was told to end otherwise can still be told something else, but not to wait', () => {
    const driver = inAllStates();
    expect(driver.act('cancelTask', { task: 'running' }).instructions).toEqual(['cancel running']);
    expect(tried(driver, 'pauseTask', { task: 'running', mode: 'interrupt' })).toMatchObject({ code: 'ACT_REFUSED' });
    expect(driver.act('skipTask', { task: 'running' })).toMatchObject({ changed: true, instructions: [] });
    driver.wasCancelled('running');
    expect(driver.states).toContain('running=skipped');
    expect(driver.states).toContain('pending=skipped');
  });

  it('says in one sentence what it did', () => {
    const driver = inAllStates();
    expect(driver.act('retryTask', { task: 'failed' }).message).toBe(
      'failed runs again; it was failed; what it kept from running is set back too.',
    );
    expect(driver.act('completeTask', { task: 'running' }).message).toBe(
      'running is told to stop, and ends succeeded.',
    );
    expect(driver.act('setPriority', { task: 'ready', priority: 2 }).message).toBe(
      'The priority of ready is 2; it was 0.',
    );
  });
});

describe('an act on the run', () => {
  it('is done once', () => {
    const driver = new LiveRunDriver(dagOf({ a: [], b: [] }));
    driver.began();
    const acts: [ActType, object][] = [
      ['setConcurrency', { concurrency: 3 }],
      ['setPolicy', { policy: 'priority' }],
      ['setPolicy', { policy: 'priority, sjf' }],
      ['pause', { until: '2030-01-01T00:00:00Z' }],
      ['pause', { mode: 'interrupt' }],
      ['resume', {}],
      ['cancel', { reason: 'enough' }],
    ];
    for (const [act, fields] of acts) {
      expect([act, driver.act(act, fields).changed]).toEqual([act, true]);
      expect(driver.act(act, fields)).toMatchObject({ changed: false, instructions: [] });
    }
  });

  it('is refused after the end, with what to do instead', () => {
    const driver = new LiveRunDriver(dagOf({ a: [] }));
    driver.began();
    driver.succeeded('a');
    for (const act of ['pause', 'resume', 'cancel'] as const) {
      expect(tried(driver, act)).toMatchObject({ code: 'RUN_ENDED', hint: expect.stringContaining('rerun') as string });
    }
    expect(driver.live.acts).toEqual([]);
  });

  it('that changes tasks is refused while the run is being cancelled', () => {
    const driver = new LiveRunDriver(dagOf({ a: [] }));
    driver.began();
    driver.act('cancel');
    const acts: [ActType, object][] = [
      ['pause', {}],
      ['skipTask', { task: 'a' }],
      ['completeTask', { task: 'a' }],
      ['addTasks', { tasks: [task('b', [])] }],
    ];
    for (const [act, fields] of acts) expect(tried(driver, act, fields)).toMatchObject({ code: 'ACT_REFUSED' });
    expect(driver.act('resume').changed).toBe(false);
  });

  it('refuses a pause until a time that is past, or too far for a timer, and a policy that there is not', () => {
    const driver = new LiveRunDriver(dagOf({ a: [] }));
    driver.began();
    expect(tried(driver, 'pause', { until: '1970-01-01T00:00:01Z' })).toMatchObject({ code: 'ACT_INVALID' });
    expect(tried(driver, 'pause', { until: '2300-01-01T00:00:00Z' })).toMatchObject({ code: 'ACT_INVALID' });
    expect(tried(driver, 'setPolicy', { policy: 'toString' })).toMatchObject({ code: 'ACT_INVALID' });
    expect(tried(driver, 'setPolicy', { policy: 'fair,round-robin' })).toMatchObject({ code: 'ACT_INVALID' });
  });

  it('sets a pool of the run: at once, what is not said stays, and nothing is taken away', () => {
    const tasks = ['a', 'b', 'c'].map((name) => ({ ...task(name, []), pool: [{ name: 'db', slots: 1 }] }));
    const driver = new LiveRunDriver({ ...dagOf({}), pools: { db: 1 }, tasks });
    expect(driver.began()).toEqual(['start a']);
    expect(driver.act('setPool', { pool: 'db', slots: 3 })).toMatchObject({
      changed: true,
      message: 'The pool db has 3 slots; it had 1 slot.',
      instructions: ['start b', 'start c'],
    });
    expect(driver.act('setPool', { pool: 'db', slots: 3 })).toMatchObject({
      changed: false,
      message: 'The pool db had 3 slots already.',
    });
    expect(driver.act('setPool', { pool: 'db', rate: { count: 20, per: 60_000 } }).message).toBe(
      'The pool db has 3 slots, rate 20/m; it had 3 slots.',
    );
    expect(driver.act('setPool', { pool: 'db', slots: 1 })).toMatchObject({ changed: true, instructions: [] });
    expect(driver.live.scheduler.ready.pools.use()).toMatchObject({ db: { slots: 1, taken: 3 } });
  });

  it('refuses to set a pool that the run does not have, or that runs share, and tells what to do', () => {
    const driver = new LiveRunDriver({ ...dagOf({ a: [] }), pools: { db: 1, gpu: { slots: 2, scope: 'global' } } });
    driver.began();
    expect(tried(driver, 'setPool', { pool: 'constructor', slots: 1 })).toMatchObject({
      code: 'ACT_REFUSED',
      message: 'The run has no pool "constructor"; it has db, gpu.',
    });
    expect(tried(driver, 'setPool', { pool: 'gpu', slots: 1 })).toMatchObject({
      code: 'ACT_REFUSED',
      hint: expect.stringContaining('dagwright pool gpu --slots N') as string,
    });
    expect(tried(driver, 'setPool', { pool: 'db' })).toMatchObject({ code: 'ACT_INVALID' });
  });

  it('of one pause does not weaken another: one that drains says nothing of an interrupt that holds', () => {
    const driver = new LiveRunDriver(dagOf({ a: [] }));
    driver.began();
    driver.act('pause', { mode: 'interrupt' });
    const later = driver.act('pause', { until: '2030-01-01T00:00:00Z' });
    expect(later.message).toBe('The run is paused: no task starts. It goes on by itself at 2030-01-01T00:00:00.000Z.');
    expect(driver.live.scheduler.pauseMode).toBe('interrupt');
  });
});

describe('a task that is set back', () => {
  it('is not where it needs an output that was not kept', () => {
    const takeOver = { runId: 'old', tasks: [[0]] as [number][], omitted: [0] };
    const dag = dagOf({ big: [], a: [], b: ['a', 'big'], c: [] });
    const driver = new LiveRunDriver(dag, takeOver);
    driver.began();
    driver.failed('a');
    const refusal = { code: 'ACT_REFUSED', message: expect.stringContaining('b needs the output of big') as string };
    expect(tried(driver, 'retryTask', { task: 'a' })).toMatchObject(refusal);
    expect(tried(driver, 'completeTask', { task: 'a' })).toMatchObject(refusal);
    expect(driver.act('retryTask', { task: 'a', dependents: false }).changed).toBe(true);
    driver.succeeded('a');
    expect(tried(driver, 'retryTask', { task: 'b' })).toMatchObject(refusal);
    expect(driver.act('completeTask', { task: 'b' }).changed).toBe(true);
  });
});

describe('added tasks', () => {
  const begun = (): LiveRunDriver => {
    const driver = new LiveRunDriver(dagOf({ a: [], b: ['a'], c: ['b'] }, { concurrency: 1 }));
    driver.began();
    return driver;
  };

  it('are refused where they make no sense', () => {
    const refused: [code: string, fields: object][] = [
      ['TASK_NOT_FOUND', { tasks: [task('n', ['x'])] }],
      ['TASK_NOT_FOUND', { tasks: [task('n', [])], needs: { x: ['n'] } }],
      ['TASK_NOT_FOUND', { tasks: [task('n', [])], needs: { b: ['__proto__'] } }],
      ['ACT_REFUSED', { tasks: [task('b', [])] }],
      ['ACT_REFUSED', { tasks: [task('n', [])], needs: { a: ['n'] } }],
      ['DAG_INVALID', { tasks: [task('n', []), task('n', ['a'])] }],
      ['DAG_INVALID', { tasks: [task('n', ['n'])] }],
      ['DAG_INVALID', { tasks: [task('n', ['c'])], needs: { b: ['n'] } }],
      ['DAG_INVALID', { tasks: [task('n', ['m']), task('m', [])], needs: { m: ['n'] } }],
      ['DAG_INVALID', { tasks: [task('n', [], { retry: { maximumAttempts: 1.5 } })] }],
    ];
    const driver = begun();
    const before = JSON.stringify(driver.live.snapshot());
    for (const [code, fields] of refused) {
      expect([code, tried(driver, 'addTasks', fields)]).toEqual([code, expect.objectContaining({ code })]);
    }
    expect(JSON.stringify(driver.live.snapshot())).toBe(before);
    expect(driver.live.dag.tasks).toHaveLength(3);
  });

  it('are added once, also with needs of their own beside them', () => {
    const driver = begun();
    const fields = { tasks: [task('n', []), task('m', [])], needs: { m: ['n', 'a'], c: ['m', 'b'] } };
    expect(driver.act('addTasks', fields).message).toBe('Added 2 tasks: n, m.');
    expect(driver.live.dag.tasks.map(({ needs }) => needs.map((need) => need.task))).toEqual([
      [],
      ['a'],
      ['b', 'm'],
      [],
      ['n', 'a'],
    ]);
    expect(driver.act('addTasks', fields).changed).toBe(false);
    driver.carry();
    expect(driver.act('addTasks', fields).changed).toBe(false);
  });

  it('are refused where they need an output that was not kept', () => {
    const takeOver = { runId: 'old', tasks: [[0]] as [number][], omitted: [0] };
    const driver = new LiveRunDriver(dagOf({ a: [], b: [] }, { concurrency: 1 }), takeOver);
    driver.began();
    expect(tried(driver, 'addTasks', { tasks: [task('n', ['a'])] })).toMatchObject({ code: 'ACT_REFUSED' });
    const behind = { tasks: [task('n', [])], needs: { n: ['a'] } };
    expect(tried(driver, 'addTasks', behind)).toMatchObject({
      message: expect.stringContaining('n needs the output of a'),
    });
    expect(driver.act('addTasks', { tasks: [task('n', ['b'])] }).changed).toBe(true);
  });
});
