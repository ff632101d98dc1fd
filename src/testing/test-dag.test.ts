import { describe, expect, it } from 'vitest';
import type { Dag } from '../dag/dag.js';
import { formatDiagnostic } from '../spec/diagnostic.js';
import { parseDag } from '../spec/parse.js';
import type { DagTest } from './dag-test.js';
import { testDag, type DagTestResult } from './test-dag.js';

function dagOf(tasks: string, more = ''): Dag {
  const { dag, diagnostics } = parseDag(`name: demo\n${more}\ntasks:\n${tasks}`);
  if (dag === undefined) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return dag;
}

function test(dag: Dag, more: Partial<DagTest>): Promise<DagTestResult> {
  return testDag(dag, { name: 'test', expect: {}, ...more });
}

async function failures(dag: Dag, more: Partial<DagTest>): Promise<DagTestResult['failures']> {
  return (await test(dag, more)).failures;
}

describe('a test of a dag', () => {
  const steps = dagOf(
    `
  extract: { run: x }
  convert: { needs: [extract], forEach: '\${{ tasks.extract.output }}', run: x, env: { FILE: '\${{ item }}' } }
  load: { needs: [convert], run: x, env: { COUNT: '\${{ size(tasks.convert.output) }}' } }`,
    "outputs: { rows: '${{ tasks.load.output }}' }",
  );

  it('passes where all is as expected', async () => {
    expect(
      await failures(steps, {
        tasks: {
          extract: { output: ['a', 'b'] },
          'convert[1]': { output: 'B' },
          convert: { output: 'x' },
          load: { output: 3 },
        },
        expect: {
          run: 'succeeded',
          tasks: { extract: 'succeeded', 'convert[0]': 'succeeded', convert: 'succeeded' },
          output: { convert: ['x', 'B'] },
          outputs: { rows: 3 },
          attempts: { load: 1 },
          order: ['extract', 'convert', 'load'],
          inputs: { 'convert[1]': { env: { FILE: 'b' }, item: 'b', index: 1 }, load: { env: { COUNT: '2' } } },
        },
      }),
    ).toEqual([]);
  });

  it('tells all that is not, and why', async () => {
    expect(
      await failures(steps, {
        tasks: { extract: { output: ['a', 'b'] }, 'convert[1]': { fail: 'broken' } },
        expect: {
          run: 'succeeded',
          tasks: { convert: 'succeeded', load: 'upstream_failed' },
          outputs: { rows: 3 },
          errors: { 'convert[1]': 'OTHER', extract: 'NONE' },
          attempts: { extract: 2 },
          order: ['convert', 'extract', 'load'],
          inputs: { load: { env: {} }, 'convert[0]': { env: { FILE: 'z' } } },
        },
      }),
    ).toEqual([
      {
        at: 'run',
        expected: 'succeeded',
        actual: 'failed',
        why: expect.stringMatching(/^convert: FANOUT_FAILED: .*; convert\[1\]: TASK_FAILED: broken$/),
      },
      { at: 'tasks.convert', expected: 'succeeded', actual: 'failed', why: expect.stringContaining('FANOUT_FAILED') },
      { at: 'outputs.rows', expected: 3, actual: null },
      { at: 'attempts.extract', expected: 2, actual: 1 },
      { at: 'errors.convert[1]', expected: 'OTHER', actual: 'TASK_FAILED', why: 'TASK_FAILED: broken' },
      { at: 'errors.extract', expected: 'NONE' },
      {
        at: 'order',
        expected: ['convert', 'extract', 'load'],
        actual: ['extract', 'convert'],
        why: 'load never started',
      },
      { at: 'inputs.load', why: 'the task had no attempt' },
      { at: 'inputs.convert[0].env.FILE', expected: 'z', actual: 'a' },
    ]);
  });

  it('follows real retry rules, attempt by attempt, in no time', async () => {
    const dag = dagOf(
      '  a: { run: x, retry: { maximumAttempts: 3, initialInterval: 6h, maximumInterval: 1d, rules: [{ exitCode: 9, then: fail }] } }',
    );
    const began = performance.now();
    const mended = await test(dag, { tasks: { a: [{ fail: 'once' }, { output: 2 }] } });
    expect(mended.run.tasks.get('a')).toEqual({ status: 'succeeded', attempts: 2, output: 2 });
    const all = await test(dag, { tasks: { a: { fail: 'always' } } });
    expect(all.run.tasks.get('a')).toMatchObject({ status: 'failed', attempts: 3 });
    const ruled = await test(dag, { tasks: { a: { fail: { code: 'SHELL_EXIT', details: { exitCode: 9 } } } } });
    expect(ruled.run.tasks.get('a')).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'SHELL_EXIT' } });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('lets long waits, polls and timeouts pass in no time', async () => {
    const dag = dagOf(`
  late: { wait: 10d }
  at: { until: "2026-02-01T00:00:00Z" }
  asked: { uses: poll, with: { run: x, until: output.done, interval: 1h, timeout: 2d } }
  slow: { run: x, timeout: 1h }
  event: { uses: event, with: { event: never, timeout: 300d } }`);
    const { run } = await test(dag, {
      tasks: { asked: [{ output: { done: false } }, { output: { done: true } }], slow: { takes: 3_600_001 } },
    });
    expect(
      Object.fromEntries([...run.tasks].map(([name, { status, error }]) => [name, error?.code ?? status])),
    ).toEqual({
      late: 'succeeded',
      at: 'succeeded',
      asked: 'succeeded',
      slow: 'TASK_TIMEOUT',
      event: 'EVENT_TIMEOUT',
    });
  });

  it('sends events and decides approvals, as who may', async () => {
    const dag = dagOf(`
  paid: { uses: event, with: { event: paid } }
  sign: { needs: [paid], uses: approval, with: { approvers: [ann, bob] } }
  not: { needs: [paid], uses: approval, with: {} }`);
    const { run, failures } = await test(dag, {
      events: [{ paid: { id: 1 } }],
      approvals: { sign: { approve: true, form: { ok: 1 } }, not: { reject: 'no', by: 'cy' } },
      expect: { run: 'failed', errors: { not: 'APPROVAL_REJECTED' }, output: { paid: { id: 1 } } },
    });
    expect(failures).toEqual([]);
    expect(run.tasks.get('sign')?.output).toMatchObject({ decision: 'approved', by: 'ann', form: { ok: 1 } });
  });

  it('says what a run refuses', async () => {
    const dag = dagOf('  sign: { uses: approval, with: { approvers: [ann], timeout: 1h, default: approve } }');
    expect(
      await failures(dag, { approvals: { sign: { approve: true, by: 'bob' } }, expect: { run: 'succeeded' } }),
    ).toEqual([{ at: 'approvals.sign', why: expect.stringContaining('bob') }]);
  });

  it('fails where the run stands still, and says for what it waits', async () => {
    const dag = dagOf(`
  a: { run: x }
  paid: { uses: event, with: { event: paid } }
  sign: { uses: approval, with: {} }`);
    expect(await failures(dag, { expect: { run: 'succeeded', tasks: { a: 'succeeded', sign: 'succeeded' } } })).toEqual(
      [
        { at: 'run', why: 'the run stands still: paid waits for the event paid; sign waits for an approval' },
        { at: 'tasks.sign', expected: 'succeeded', actual: 'waiting' },
      ],
    );
  });

  it('fails where the run has no end', async () => {
    const dag = dagOf('  a: { uses: poll, with: { run: x, until: output, interval: 1s } }');
    const [failure] = await failures(dag, { tasks: { a: { output: false } }, expect: { run: 'succeeded' } });
    expect(failure).toEqual({ at: 'run', why: expect.stringContaining('has no end') });
  }, 60_000);

  it('cancels the run when a task has started', async () => {
    const dag = dagOf(
      `
  charge: { run: x, compensate: { run: undo } }
  ship: { needs: [charge], run: x }
  after: { needs: [ship], run: x }`,
      'finally: { sweep: { run: x } }',
    );
    const expected = {
      run: 'cancelled',
      tasks: { charge: 'succeeded', ship: 'cancelled', 'charge~undo': 'succeeded', sweep: 'succeeded' },
      order: ['charge', 'ship', 'charge~undo'],
    } as const;
    expect(await failures(dag, { cancelAt: 'ship', expect: expected })).toEqual([]);
    const [failure] = await failures(dag, { cancelAt: 'ship', tasks: { charge: { fail: 'no' } }, expect: {} });
    expect(failure).toEqual({ at: 'cancelAt', why: 'ship never started' });
  });

  it('cancels the run when it has begun to wait', async () => {
    const dag = dagOf('  wait: { wait: 10d }');
    expect(
      await failures(dag, { cancelAt: 'wait', expect: { run: 'cancelled', tasks: { wait: 'cancelled' } } }),
    ).toEqual([]);
  });

  const nested = dagOf(`
  load:
    forEach: [1, 2]
    uses: dag
    with:
      params: { n: '\${{ item }}' }
      dag:
        name: inner
        params: { n: { type: integer } }
        outputs: { n: '\${{ tasks.copy.output }}' }
        tasks:
          paid: { uses: event, with: { event: paid } }
          sign: { needs: [paid], uses: approval, with: {} }
          copy: { needs: [sign], run: x, env: { N: '\${{ params.n }}' } }
  after: { needs: [load], run: x }`);

  it('reaches into sub-dags', async () => {
    expect(
      await failures(nested, {
        tasks: { 'load[1]/copy': { output: 'two' }, 'load/copy': { output: 'one' } },
        events: { 'load/paid': null },
        approvals: { 'load/sign': { approve: true } },
        expect: {
          run: 'succeeded',
          output: { load: [{ n: 'one' }, { n: 'two' }] },
          inputs: { 'load[1]/copy': { env: { N: '2' } } },
          tasks: { 'load/sign': 'succeeded', 'load[0]/paid': 'succeeded' },
          order: ['load', 'load/copy', 'after'],
        },
      }),
    ).toEqual([]);
    expect(
      await failures(nested, {
        tasks: { 'load[1]/copy': { fail: 'no' } },
        events: { 'load/paid': null },
        approvals: { 'load/sign': { approve: true } },
        expect: { run: 'failed', errors: { 'load[1]': 'SUBRUN_FAILED', load: 'FANOUT_FAILED' } },
      }),
    ).toEqual([]);
  });

  it('takes a double for a whole sub-dag', async () => {
    expect(
      await failures(nested, {
        tasks: { load: { output: { n: 0 } } },
        expect: {
          run: 'succeeded',
          output: { load: [{ n: 0 }, { n: 0 }] },
          inputs: { 'load[1]': { with: { params: { n: 2 } } } },
        },
      }),
    ).toEqual([]);
  });

  it('has doubles for activities of other workers, and knows every secret by its name', async () => {
    const dag = dagOf(
      `
  charge: { uses: activity, with: { type: Charge, args: [1] }, cache: { maxAge: 1d } }
  call: { run: x, env: { T: 'Bearer \${{ secrets.TOKEN }}' } }`.replace(', cache: { maxAge: 1d }', ''),
    );
    expect(
      await failures(dag, {
        tasks: { charge: { output: 7 } },
        expect: {
          output: { charge: 7 },
          inputs: { charge: { with: { args: [1] } }, call: { env: { T: 'Bearer ***TOKEN***' } } },
        },
      }),
    ).toEqual([]);
  });

  it('needs no files and no cache', async () => {
    const dag = dagOf(`
  make: { run: x, artifacts: { save: { report: out.txt } }, cache: { maxAge: 1d } }
  take: { needs: [make], run: x, artifacts: { load: { in.txt: make.report } } }`);
    expect(await failures(dag, { expect: { run: 'succeeded' } })).toEqual([]);
  });

  it('begins when it says', async () => {
    const dag = dagOf(
      '  a: { until: "2026-12-24T00:00:00Z" }\n  b: { needs: [a], uses: approval, with: { timeout: 1h, default: approve } }',
    );
    const { run } = await test(dag, { now: '2026-12-01T00:00:00Z' });
    expect(run.tasks.get('b')?.output).toMatchObject({ at: '2026-12-24T01:00:00.000Z' });
  });

  it('takes a fan-out of thousands of items in a moment', async () => {
    const dag = dagOf('  a: { forEach: { range: { to: 2999 } }, run: x, retry: { maximumAttempts: 2 } }');
    const { run } = await test(dag, { tasks: { a: [{ fail: 'once' }, {}] } });
    expect(run.state).toBe('succeeded');
    expect(run.tasks.get('a[2999]')).toMatchObject({ attempts: 2 });
  }, 60_000);
});
