import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Explanation } from '../src/run/explanation.js';
import type { RunEvent } from '../src/run/run-event.js';
import type { RunDescription, RunResult } from '../src/run/run.js';
import { CliStage } from './support/cli-stage.js';
import { broken, POLL, shell, stand } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;

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

describe('dagwright watch', () => {
  it('tells what happens in a run that was started elsewhere, and exits as it ends', async () => {
    const run = await stage.client.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]), { runId: 'seen' });
    await doubles.running('a');
    const watch = stage.start('watch', 'seen');
    await watch.says(/^\d\d:\d\d:\d\d a running$/m);
    await run.pause({ by: 'ana' });
    await watch.says(/^\d\d:\d\d:\d\d run seen is paused by ana$/m);
    await run.resume();
    await watch.says(/run seen goes on$/m);
    await doubles.release('a');
    await watch.says(/a succeeded \(/);
    await doubles.release('b', broken('no such month'));
    const { code, stdout, stderr } = await watch.ended;
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d b failed \(.* s\): TASK_FAILED: no such month$/m);
    expect(stdout).toMatch(/^run seen failed in .*: 1 succeeded, 1 failed\n {2}b TASK_FAILED: no such month\n/m);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });

  it('prints the result with --json, and only that on stdout', async () => {
    await stage.client.start(doubles.dag([doubles.task('a')]), { runId: 'seen-json' });
    const watch = stage.start('watch', 'seen-json', '--json');
    await watch.says(/a running/);
    await doubles.release('a', { output: 7 });
    const { code, stdout } = await watch.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runId: 'seen-json', status: 'succeeded', tasks: { a: { output: 7 } } });
    expect(await stage.json<RunResult>('watch', 'seen-json')).toEqual(JSON.parse(stdout));
  });

  it('leaves the run alone at Ctrl-C', async () => {
    const run = await stage.client.start(doubles.dag([doubles.task('a')]), { runId: 'seen-left' });
    const watch = stage.start('watch', 'seen-left', '--json');
    await watch.says(/a running/);
    watch.signal('SIGINT');
    const { code, stdout } = await watch.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toEqual({ runId: 'seen-left', dag: 'doubles', status: 'running' });
    await doubles.release('a');
    expect((await run.result()).status).toBe('succeeded');
  });

  it('says that there is no such run', async () => {
    expect(await stage.refusal('watch', 'nobody')).toEqual([1, 'RUN_NOT_FOUND']);
  });
});

describe('dagwright status', () => {
  it('says who paused the run and how, what each task needs, and what was asked for', async () => {
    const run = await stage.client.start(
      doubles.dag([doubles.reporter('a', 3, 4, 'third file'), doubles.task('b', ['a'])], { concurrency: 3 }),
      { runId: 'told' },
    );
    await doubles.running('a');
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await run.pause({ by: 'ana', until });
    const shown = async (): Promise<RunDescription> => stage.json<RunDescription>('status', 'told');
    await expect.poll(async () => (await shown()).tasks[0]?.progress, POLL).toBeDefined();
    expect(await shown()).toMatchObject({
      runId: 'told',
      state: 'paused',
      startedAt: TIME,
      pause: { mode: 'drain', at: TIME, by: 'ana', until },
      concurrency: 3,
      acts: [{ act: 'pause', by: 'ana', changed: true }],
      counts: { running: 1, pending: 1 },
      tasks: [
        { name: 'a', state: 'running', attempts: 1, progress: { fraction: 0.75, done: 3, total: 4 } },
        { name: 'b', state: 'pending', needs: ['a'] },
      ],
    });
    const { stdout } = await stage.run('status', 'told');
    expect(stdout).toMatch(/^doubles {2}told {2}paused /);
    expect(stdout).toMatch(/^paused by ana at .*, goes on at /m);
    expect(stdout).toMatch(/^ {2}● a {5}running .* 75 % {2}3\/4 {2}third file\n {2}○ └─ b {2}pending$/m);
    expect(stdout).toContain('at most 3 at once · policy ');
    await run.resume();
    await doubles.release('a');
    await doubles.release('b');
    await run.result();
  });
});

describe('dagwright explain', () => {
  it('says why a task waits, is paused, or is in the queue', async () => {
    const tasks = [doubles.task('runs'), doubles.task('next'), doubles.task('held'), doubles.task('after', ['runs'])];
    const run = await stage.client.start(doubles.dag(tasks, { concurrency: 1 }), { runId: 'asked' });
    await doubles.running('runs');
    await run.pauseTask('held', { by: 'ana' });
    const reasons = async (task: string): Promise<unknown> => {
      const { state, reasons } = await stage.json<Explanation>('explain', 'asked', task);
      return [state, ...reasons.map(({ code }) => code)];
    };
    expect(await reasons('after')).toEqual(['pending', 'needs']);
    expect(await reasons('held')).toEqual(['ready', 'task_paused']);
    expect(await reasons('next')).toEqual(['ready', 'slots', 'queue']);
    expect((await stage.run('explain', 'asked', 'after')).stdout).toBe(
      '○ after  pending\n  - It waits for runs (running).\n',
    );
    expect((await stage.run('explain', 'asked', 'held')).stdout).toMatch(/paused by ana since/);
    expect(await stage.refusal('explain', 'asked', 'nobody')).toEqual([1, 'TASK_NOT_FOUND']);
    await run.cancel();
    await run.result();
  });
});

describe('dagwright history', () => {
  it('tells what happened and who asked for it, of all tasks, of one, or the latest', async () => {
    const run = await stage.client.start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]), {
      runId: 'past',
    });
    await doubles.running('a');
    await run.pauseTask('b', { by: 'ana' });
    await run.resumeTask('b', { by: 'ben' });
    await doubles.release('a');
    await doubles.release('b', broken('no'));
    await run.result();
    const told = async (...flags: string[]): Promise<unknown> => {
      const { runId, events } = await stage.json<{ runId: string; events: RunEvent[] }>('history', 'past', ...flags);
      expect(runId).toBe('past');
      return events.map(({ at, event, task, by }) => {
        expect(at).toEqual(TIME);
        return [event, task, by].filter((word) => word !== undefined).join(' ');
      });
    };
    const all = (await told()) as string[];
    expect(all.at(0)).toBe('run.began');
    expect(all).toEqual(expect.arrayContaining(['act b ana', 'act b ben', 'task.succeeded a', 'task.failed b']));
    expect(await told('--task', 'a')).toEqual(['task.running a', 'task.succeeded a']);
    expect(await told('--limit', '1')).toEqual([all.at(-1)]);
    const { stdout } = await stage.run('history', 'past');
    expect(stdout.trimEnd().split('\n')).toHaveLength(all.length + 1);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d .*ana.*b is paused/m);
    expect(await stage.refusal('history', 'past', '--task', 'nobody')).toEqual([1, 'TASK_NOT_FOUND']);
  });
});

describe('dagwright gantt', () => {
  it('draws the tasks over time, in text and as SVG', async () => {
    const run = await stage.client.start(doubles.dag([doubles.task('first'), doubles.task('second', ['first'])]), {
      runId: 'drawn',
    });
    await doubles.release('first');
    await doubles.release('second', broken('no'));
    await run.result();
    const { stdout, code } = await stage.run('gantt', 'drawn', '--width', '72');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^drawn {2}failed /);
    expect(stdout).toMatch(/^✔ first +█/m);
    expect(stdout).toMatch(/^✖ second .*▓✖/m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72);

    expect((await stage.run('gantt', 'drawn', '--svg', 'drawn.svg')).stdout).toBe('Written to drawn.svg.\n');
    const file = await readFile(join(stage.folder, 'drawn.svg'), 'utf8');
    expect(file).toMatch(/^<svg [^]*first[^]*second[^]*<\/svg>\s*$/);
    expect((await stage.run('gantt', 'drawn', '--svg', '-')).stdout).toMatch(/^<svg [^]*<\/svg>\s*$/);
    expect((await stage.run('gantt', 'drawn', '--svg', 'no/such/folder.svg')).code).toBe(2);
  });
});

describe('dagwright logs', () => {
  it('follows a running task through its attempts to the end, and prints each attempt later', async () => {
    const file = (name: string): string => join(stage.folder, name);
    const script = `
      echo "attempt $DAGWRIGHT_ATTEMPT begins"
      until test -e "${file('go-')}$DAGWRIGHT_ATTEMPT"; do sleep 0.05; done
      echo "attempt $DAGWRIGHT_ATTEMPT ends" >&2
      test "$DAGWRIGHT_ATTEMPT" = 2`;
    const retry = { maximumAttempts: 2, initialInterval: 10 };
    const run = await stage.client.start(
      doubles.dag([shell('talks', script, { retry }), doubles.task('later', ['talks'])]),
      { runId: 'logged' },
    );
    const follow = stage.start('logs', 'logged', 'talks', '--follow');
    await follow.says(/attempt 1 begins/);
    await writeFile(file('go-1'), '');
    await follow.says(/attempt 2 begins/);
    expect((await stage.run('logs', 'logged', 'talks')).stdout).toBe('attempt 2 begins\n');
    await writeFile(file('go-2'), '');
    const attempt1 =
      'attempt 1 begins\nattempt 1 ends\n[dagwright] Attempt 1 failed: SHELL_EXIT: exit code 1: attempt 1 ends\n';
    expect(await follow.ended).toEqual({
      code: 0,
      stdout: `${attempt1}==> attempt 2 <==\nattempt 2 begins\nattempt 2 ends\n`,
      stderr: expect.any(String) as string,
    });
    const first = await stage.run('logs', 'logged', 'talks', '--attempt', '1');
    expect(first).toEqual({ code: 0, stdout: attempt1, stderr: '' });

    const missing = await stage.run('logs', 'logged', 'talks', '--attempt', '3');
    expect(missing.stderr).toMatch(/^error LOG_NOT_FOUND: There is no log of attempt 3 of talks in /);
    expect(missing.code).toBe(1);
    expect((await stage.run('logs', 'logged', 'nobody')).stderr).toMatch(/^error TASK_NOT_FOUND: /);
    await doubles.release('later');
    await run.result();
  });
});

describe('dagwright list', () => {
  it('lists the runs of a state, of a tag, of a dag, and since a time', async () => {
    const dag = doubles.dag([doubles.task('a'), doubles.task('b')], { name: 'listed', tags: ['nightly', 'eu'] });
    const run = await stage.client.start(dag, { runId: 'listed-1' });
    const ids = async (...flags: string[]): Promise<string[]> =>
      (await stage.json<{ runs: { runId: string }[] }>('list', ...flags)).runs.map(({ runId }) => runId);
    await doubles.release('a', broken('no'));
    await run.pause();
    await expect.poll(() => ids('--state', 'paused', '--dag', 'listed'), POLL).toEqual(['listed-1']);
    expect(await ids('--tag', 'nightly')).toEqual(['listed-1']);
    expect(await ids('--tag', 'weekly')).toEqual([]);
    expect(await ids('--dag', 'listed', '--since', '1h')).toEqual(['listed-1']);
    expect(await ids('--dag', 'listed', '--since', new Date().toISOString())).toEqual([]);
    expect(await ids('--state', 'failed', '--dag', 'listed')).toEqual([]);
    const listing = {
      runId: 'listed-1',
      dag: 'listed',
      state: 'paused',
      startedAt: TIME,
      tags: ['nightly', 'eu'],
      failedTasks: 1,
    };
    await expect.poll(() => stage.json('list', '--tag', 'eu'), POLL).toEqual({ runs: [listing] });
    expect((await stage.run('list', '--dag', 'listed')).stdout).toMatch(/^listed-1 +listed +paused ✖1 /m);
    expect((await stage.run('list', '--tag', 'weekly')).stderr).toBe('No runs.\n');
    expect((await stage.run('list', '--state', 'odd')).code).toBe(2);
    await run.cancel();
    await run.result();
    await stand(run, { b: 'cancelled' });
  });
});
