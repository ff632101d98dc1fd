import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunHandle } from '../src/client/run-handle.js';
import type { ActAnswer } from '../src/run/act.js';
import type { Task } from '../src/dag/dag.js';
import type { Diagnostic } from '../src/spec/diagnostic.js';
import { CliStage } from './support/cli-stage.js';
import { broken, stand, states, taskOf } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';

/** What an act answers with `--json`. */
type Answer = ActAnswer & { readonly runId: string; readonly act: string };

let stage: CliStage;
let doubles: TaskDoubles;

beforeAll(async () => {
  stage = await CliStage.open();
}, 900_000);

afterAll(() => stage.close());

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await stage.clear();
  await doubles.stop();
});

/** A run of these tasks, and of `end`, which keeps it alive until the test has seen enough. */
function begin(runId: string, tasks: readonly Task[], concurrency = 10): Promise<RunHandle> {
  return stage.client.start(doubles.dag([...tasks, doubles.task('end')], { concurrency }), { runId });
}

/** Lets the run end, and says how each task did. */
async function ends(run: RunHandle): Promise<Record<string, string>> {
  await doubles.release('end');
  const { end, ...others } = states(await run.result());
  expect(end).toBe('succeeded');
  return others;
}

describe('dagwright pause and resume', () => {
  it('hold a run and let it go on, in the name of whoever calls', async () => {
    const run = await begin('held', [doubles.task('a'), doubles.task('b', ['a'])]);
    await doubles.running('a');
    const paused = await stage.run('pause', 'held', '--for', '2h');
    expect(paused.stdout).toMatch(
      /^The run is paused: no task starts\. 2 running tasks left to end\. It goes on by itself at .*Z\.\n`dagwright resume held` goes on\.\n$/,
    );
    await doubles.release('a');
    await stand(run, { a: 'succeeded', b: 'ready' });
    const answer = await stage.json<Answer>('resume', 'held', '--by', 'ana');
    expect(answer).toEqual({
      runId: 'held',
      act: 'resume',
      changed: true,
      message: 'The run goes on.',
      state: 'running',
      tasks: [{ name: 'b', from: 'ready', to: 'running' }],
      tasksChanged: 1,
    });
    expect(await stage.json('resume', 'held')).toMatchObject({ changed: false });
    const { acts } = await run.describe();
    expect(acts?.map(({ act, by }) => [act, by])).toEqual([
      ['pause', expect.stringMatching(/^.+@.+$/)],
      ['resume', 'ana'],
      ['resume', expect.stringMatching(/^.+@.+$/)],
    ]);
    await doubles.release('b');
    expect(await ends(run)).toEqual({ a: 'succeeded', b: 'succeeded' });
  });

  it('hold one task, and stop it where that was asked for', async () => {
    const run = await begin('held-task', [doubles.task('a')]);
    await doubles.running('a');
    expect(await stage.refusal('pause', 'held-task', 'a')).toEqual([1, 'ACT_REFUSED']);
    const paused = await stage.json<Answer>('pause', 'held-task', 'a', '--mode', 'interrupt');
    expect(paused).toMatchObject({ act: 'pauseTask', changed: true, state: 'running' });
    await doubles.cutOff('a');
    await stand(run, { a: 'ready' });
    expect((await taskOf(run, 'a'))?.paused).toBe(true);
    expect((await stage.run('resume', 'held-task', 'a')).stdout).toMatch(
      /^a may start again\.\n {2}\S a ready -> running/,
    );
    await doubles.release('a');
    expect(await ends(run)).toEqual({ a: 'succeeded' });
  });
});

describe('dagwright cancel', () => {
  it('ends a run, and says why', async () => {
    const run = await begin('dropped', [doubles.task('a')]);
    await doubles.running('a');
    await doubles.running('end');
    const { stdout } = await stage.run('cancel', 'dropped', '--reason', 'wrong day');
    expect(stdout).toBe('The run is cancelled: 2 running tasks told to stop. Reason: wrong day\n');
    expect((await run.result()).status).toBe('cancelled');
  });

  it('ends one task; the rest goes on', async () => {
    const run = await begin('dropped-task', [doubles.task('a'), doubles.task('b', ['a'])]);
    await doubles.running('a');
    expect(await stage.json('cancel', 'dropped-task', 'a')).toMatchObject({
      act: 'cancelTask',
      changed: true,
      message: 'a is told to stop, and ends cancelled.',
    });
    await doubles.cutOff('a');
    await stand(run, { a: 'cancelled' });
    expect(await ends(run)).toEqual({ a: 'cancelled', b: 'upstream_failed' });
  });
});

describe('dagwright skip, complete and retry', () => {
  it('end a task as skipped, with those that need it', async () => {
    const run = await begin('skipped', [doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])]);
    expect((await stage.run('skip', 'skipped', 'b')).stdout).toBe(
      'b is marked skipped; it was pending.\n  – b pending -> skipped\n  – c pending -> skipped\n',
    );
    await doubles.release('a');
    expect(await ends(run)).toEqual({ a: 'succeeded', b: 'skipped', c: 'skipped' });
  });

  it('end a failed task as succeeded with an output, from a flag or from a file', async () => {
    const run = await begin('completed', [doubles.task('a'), doubles.task('b', ['a']), doubles.task('c')]);
    await doubles.release('a', broken('no'));
    await stand(run, { a: 'failed', b: 'upstream_failed' });
    const answer = await stage.json<Answer>('complete', 'completed', 'a', '--output', '{"rows":3}');
    expect(answer).toMatchObject({
      act: 'completeTask',
      message: 'a is marked succeeded; it was failed.',
      tasks: [
        { name: 'a', from: 'failed', to: 'succeeded' },
        { name: 'b', from: 'upstream_failed', to: 'running' },
      ],
    });
    await writeFile(join(stage.folder, 'out.json'), '[1, 2]');
    await stage.json('complete', 'completed', 'c', '--output-file', 'out.json');
    expect(await stage.refusal('complete', 'completed', 'b', '--output', 'no json')).toEqual([2, 'USAGE']);
    await doubles.release('b');
    expect(await ends(run)).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded' });
    const { tasks } = await run.result();
    expect([tasks['a']?.output, tasks['c']?.output]).toEqual([{ rows: 3 }, [1, 2]]);
  });

  it('run a failed task again, with those that it kept from running unless told not to, once for a key', async () => {
    const run = await begin('retried', [doubles.task('a'), doubles.task('b', ['a'])]);
    await doubles.release('a', broken('no'));
    await stand(run, { a: 'failed', b: 'upstream_failed' });
    const said = await stage.run('retry', 'retried', 'a');
    expect(said.stdout).toMatch(/^a runs again; [^]*a failed -> running\n.*b upstream_failed -> pending\n$/);
    await doubles.release('a', broken('again'));
    await stand(run, { a: 'failed', b: 'upstream_failed' });
    expect(await stage.refusal('retry', 'retried', 'b')).toEqual([1, 'ACT_REFUSED']);

    const asked = ['retry', 'retried', 'a', '--no-dependents', '--id', 'ticket-1'];
    expect(await stage.json(...asked)).toMatchObject({
      act: 'retryTask',
      changed: true,
      tasks: [{ name: 'a', from: 'failed', to: 'running' }],
    });
    await doubles.release('a', broken('still'));
    await stand(run, { a: 'failed' });
    expect(await stage.json(...asked)).toMatchObject({ changed: false, tasks: [] });
    expect(await ends(run)).toEqual({ a: 'failed', b: 'upstream_failed' });
  });
});

describe('dagwright set', () => {
  it('changes concurrency, policy and priority, one act each', async () => {
    const run = await begin('set', [doubles.task('a'), doubles.task('b')], 1);
    await doubles.running('a');
    const flags = ['--policy', 'priority', '--priority', '10', '--concurrency', '2'];
    const { acts } = await stage.json<{ acts: Answer[] }>('set', 'set', 'end', ...flags);
    expect(acts.map(({ act, changed, message }) => [act, changed, message])).toEqual([
      ['setConcurrency', true, 'The concurrency is 2; it was 1.'],
      ['setPolicy', true, expect.stringMatching(/^The policy is priority; it was /)],
      ['setPriority', true, 'The priority of end is 10; it was 0.'],
    ]);
    expect(await run.describe()).toMatchObject({ concurrency: 2, policy: 'priority' });
    expect(await stage.refusal('set', 'set', '--policy', 'luck')).toEqual([2, 'ACT_INVALID']);
    expect(await stage.refusal('set', 'set')).toEqual([2, 'USAGE']);
    expect(await stage.refusal('set', 'set', '--concurrency', '0')).toEqual([2, 'USAGE']);
    await doubles.release('a');
    await doubles.release('b');
    await ends(run);
    expect(doubles.begun.map(({ task }) => task)).toEqual(['a', 'b', 'end']);
  });
});

describe('dagwright add', () => {
  it('adds the tasks of a file, and dependencies of tasks that have not started', async () => {
    const run = await begin('grown', [doubles.task('a'), doubles.task('report', ['a'])]);
    await doubles.running('a');
    const text = `tasks:\n  check: { needs: [a], run: 'true' }\nneeds: { report: [check] }\n`;
    await writeFile(join(stage.folder, 'more.yaml'), text);
    expect(await stage.json('add', 'grown', 'more.yaml')).toMatchObject({ act: 'addTasks', changed: true });
    expect(await stage.json('add', 'grown', 'more.yaml')).toMatchObject({ changed: false });
    expect((await taskOf(run, 'report'))?.needs).toEqual(['a', 'check']);
    await doubles.release('a');
    await doubles.release('report');
    expect(await ends(run)).toEqual({ a: 'succeeded', report: 'succeeded', check: 'succeeded' });
  });

  it('lists every problem of a bad file with its place, and changes nothing', async () => {
    const run = await begin('not-grown', [doubles.task('a')]);
    await writeFile(
      join(stage.folder, 'bad.yaml'),
      `tasks:\n  check: { needs: [a], runn: 'true' }\n  more: { run: 'true', timeout: soon }\n`,
    );
    const { code, stdout } = await stage.run('add', 'not-grown', 'bad.yaml', '--json');
    const { error } = JSON.parse(stdout) as { error: { code: string; diagnostics: Diagnostic[] } };
    expect([code, error.code]).toEqual([1, 'DAG_INVALID']);
    expect(error.diagnostics.map(({ line, code: what }) => `${line} ${what}`)).toEqual(
      expect.arrayContaining(['2 FIELD_UNKNOWN', '3 DURATION_INVALID']),
    );
    const said = await stage.run('add', 'not-grown', 'bad.yaml');
    expect(said.stderr).toMatch(/bad\.yaml:3:\d+ error DURATION_INVALID /);

    await writeFile(join(stage.folder, 'stray.yaml'), `tasks:\n  check: { needs: [nobody], run: 'true' }\n`);
    expect(await stage.refusal('add', 'not-grown', 'stray.yaml')).toEqual([1, 'TASK_NOT_FOUND']);
    expect(await stage.refusal('add', 'not-grown', 'no-such-file.yaml')).toEqual([2, 'USAGE']);
    await doubles.release('a');
    expect(await ends(run)).toEqual({ a: 'succeeded' });
  });
});

describe('acts that cannot be', () => {
  it('are refused with a code and an exit code, and change nothing', async () => {
    const run = await begin('firm', [doubles.task('a')]);
    await doubles.release('a');
    await stand(run, { a: 'succeeded' });
    const before = await run.describe();
    const refused: [line: string, code: number, error: string][] = [
      ['pause nobody', 1, 'RUN_NOT_FOUND'],
      ['pause firm --until 2020-01-01', 2, 'USAGE'],
      ['pause firm a --for 2h', 2, 'USAGE'],
      ['pause firm a', 1, 'ACT_REFUSED'],
      ['resume firm nobody', 1, 'TASK_NOT_FOUND'],
      ['cancel firm a', 1, 'ACT_REFUSED'],
      ['cancel firm end --reason why', 2, 'USAGE'],
      ['skip firm a', 1, 'ACT_REFUSED'],
      ['skip firm nobody', 1, 'TASK_NOT_FOUND'],
      ['retry firm a', 1, 'ACT_REFUSED'],
      ['set firm nobody --priority 3', 1, 'TASK_NOT_FOUND'],
    ];
    const said = refused.map(async ([line]) => [line, ...(await stage.refusal(...line.split(' ')))]);
    expect(await Promise.all(said)).toEqual(refused);
    expect(await run.describe()).toMatchObject({ counts: before.counts, state: 'running' });
    expect((await run.describe()).acts).toEqual(before.acts);
    await ends(run);
    const late = await stage.run('skip', 'firm', 'end');
    expect(late.stderr).toMatch(/^error RUN_ENDED: .*\nhint: /);
    expect(late.code).toBe(1);
  });
});

describe('dagwright rerun', () => {
  /** A run of `a`, which succeeds, and of `b` and `c` after it, of which `b` fails. */
  async function failed(runId: string): Promise<void> {
    const tasks = [doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['a'])];
    const run = await stage.client.start(doubles.dag(tasks), { runId });
    await doubles.release('a', { output: 1 });
    await doubles.release('b', broken('no'));
    await doubles.release('c');
    expect((await run.result()).status).toBe('failed');
    doubles.begun.length = 0;
  }

  it('runs what did not succeed, takes over the rest, and exits as the new run ends', async () => {
    await failed('old');
    const rerun = stage.start('rerun', 'old', '--run-id', 'new', '--json');
    await doubles.release('b', { output: 2 });
    const { code, stdout, stderr } = await rerun.ended;
    expect(stderr).toContain('Run new is a rerun of old: 1 of 3 tasks run; 2 are taken over.\n');
    expect(JSON.parse(stdout)).toMatchObject({
      runId: 'new',
      rerunOf: 'old',
      status: 'succeeded',
      tasks: { a: { output: 1, takenOver: true }, b: { output: 2, attempts: 1 }, c: { takenOver: true } },
    });
    expect(code).toBe(0);
    expect(doubles.begun.map(({ task }) => task)).toEqual(['b']);

    const log = await stage.run('logs', 'new', 'a');
    expect([log.code, log.stderr.split('\n')[0]]).toEqual([
      1,
      'error LOG_NOT_FOUND: An earlier run did the task a; this one took its output over.',
    ]);
    expect(await stage.refusal('rerun', 'new')).toEqual([1, 'ACT_REFUSED']);
    expect(await stage.refusal('rerun', 'old', '--run-id', 'old')).toEqual([1, 'RUN_ID_TAKEN']);
    expect(await stage.refusal('rerun', 'old', '--from', 'nobody')).toEqual([1, 'TASK_NOT_FOUND']);
  });

  it('runs a succeeded task again with what needs it, and leaves where that was asked for', async () => {
    await failed('old-from');
    const told = await stage.json('rerun', 'old-from', '--from', 'a', '--detach', '--run-id', 'new-from');
    expect(told).toEqual({
      runId: 'new-from',
      dag: 'doubles',
      status: 'running',
      taskQueue: 'test',
      rerunOf: 'old-from',
      runs: ['a', 'b', 'c'],
      again: [],
    });
    for (const task of ['a', 'b', 'c']) await doubles.release(task);
    const result = await stage.client.get('new-from').result();
    expect([result.status, result.rerunOf]).toEqual(['succeeded', 'old-from']);
  });

  it('is refused while the old run goes on', async () => {
    const run = await begin('alive', []);
    expect(await stage.refusal('rerun', 'alive')).toEqual([1, 'RUN_NOT_ENDED']);
    await ends(run);
  });
});
