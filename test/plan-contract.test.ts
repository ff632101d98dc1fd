import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXECUTORS, reader, stand, states, type ExecutorHost } from './support/executor-hosts.js';
import { TaskDoubles } from './support/task-doubles.js';

let doubles: TaskDoubles;

beforeEach(async () => {
  doubles = await TaskDoubles.start();
});

afterEach(async () => {
  await doubles.stop();
});

/** The tasks that began, in order. */
function begun(): string[] {
  return doubles.begun.map(({ task }) => task);
}

describe.each(EXECUTORS)('the plan of a run on the %s executor', (_name, makeHost) => {
  let host: ExecutorHost;

  beforeAll(async () => {
    host = await makeHost();
  }, 900_000);

  afterAll(async () => {
    await host.stop();
  });

  describe('the order', () => {
    it('follows a changed priority', async () => {
      const names = ['x', 'y', 'z'];
      const tasks = [doubles.task('first'), ...names.map((name) => doubles.task(name, ['first']))];
      const run = await host.start(doubles.dag(tasks, { concurrency: 1, policy: 'priority' }));
      await doubles.running('first');
      await run.pause();
      await doubles.release('first');
      await stand(run, { x: 'ready', z: 'ready' });
      expect(await run.setPriority('z', 7)).toMatchObject({
        changed: true,
        message: 'The priority of z is 7; it was 0.',
      });
      expect(await run.setPriority('z', 7)).toMatchObject({ changed: false });
      await run.setPriority('x', -1);
      await run.resume();
      await doubles.release('z');
      await doubles.release('y');
      await doubles.release('x');
      await run.result();
      expect(begun()).toEqual(['first', 'z', 'y', 'x']);
    });

    it('follows a changed policy', async () => {
      const tasks = [
        doubles.task('first'),
        doubles.task('low', ['first']),
        doubles.task('high', ['first'], { priority: 5 }),
      ];
      const run = await host.start(doubles.dag(tasks, { concurrency: 1 }));
      await doubles.running('first');
      expect((await run.describe()).policy).toBe('fcfs');
      expect(await run.setPolicy('priority')).toMatchObject({ changed: true });
      expect(await run.setPolicy('priority')).toMatchObject({ changed: false });
      await doubles.release('first');
      await doubles.running('high');
      const reasons = (await run.explain('low')).reasons.map(({ code }) => code);
      expect(reasons).toEqual(['slots', 'queue']);
      await doubles.release('high');
      await doubles.release('low');
      await run.result();
      expect(begun()).toEqual(['first', 'high', 'low']);
    });

    it('goes by several policies, each for what those before it leave open', async () => {
      const of = (group: string, estimate: number): object => ({ group, estimate });
      const tasks = [
        doubles.task('first', [], of('a', 1)),
        doubles.task('a-long', ['first'], of('a', 9_000)),
        doubles.task('a-short', ['first'], of('a', 1_000)),
        doubles.task('b-long', ['first'], of('b', 8_000)),
        doubles.task('b-short', ['first'], of('b', 2_000)),
        doubles.task('c', ['first'], of('c', 7_000)),
      ];
      const run = await host.start(doubles.dag(tasks, { concurrency: 1, policy: 'round-robin,sjf' }));
      await doubles.release('first');
      await doubles.running('b-short');
      await doubles.release('b-short');
      await doubles.running('c');
      expect((await run.describe()).policy).toBe('round-robin,sjf');
      expect((await run.explain('b-long')).reasons.at(-1)?.message).toBe(
        'Its place in the queue: 1 of 3 go first, by the policy round-robin, then sjf.',
      );
      expect(await run.setPolicy('sjf, round-robin')).toMatchObject({
        message: 'The policy is sjf,round-robin; it was round-robin,sjf.',
      });
      for (const task of ['c', 'a-short', 'b-long', 'a-long']) await doubles.release(task);
      await run.result();
      expect(begun()).toEqual(['first', 'b-short', 'c', 'a-short', 'b-long', 'a-long']);
    });

    it('lets more tasks run at once, or fewer', async () => {
      const names = ['a', 'b', 'c', 'd'];
      const tasks = names.map((name) => doubles.task(name));
      const run = await host.start(doubles.dag(tasks, { concurrency: 1 }));
      await doubles.running('a');
      expect(await run.setConcurrency(3)).toMatchObject({ changed: true, tasksChanged: 2 });
      expect(await run.setConcurrency(3)).toMatchObject({ changed: false });
      await doubles.running('b');
      await doubles.running('c');
      await run.setConcurrency(1);
      expect((await run.describe()).concurrency).toBe(1);
      await doubles.release('a');
      await doubles.release('b');
      await stand(run, { a: 'succeeded', b: 'succeeded', c: 'running', d: 'ready' });
      expect(begun()).not.toContain('d');
      await doubles.release('c');
      await doubles.release('d');
      expect((await run.result()).status).toBe('succeeded');
    });
  });

  describe('addTasks', () => {
    it('adds one behind a task that runs, and one that a waiting task needs', async () => {
      const run = await host.start(doubles.dag([doubles.task('a'), reader('report', 'a')]));
      await doubles.running('a');
      const added = [doubles.task('after', ['a']), doubles.task('check')];
      expect(await run.addTasks(added, { needs: { report: ['check'] } })).toMatchObject({
        changed: true,
        message: 'Added 2 tasks: after, check.',
      });
      expect(await run.addTasks(added, { needs: { report: ['check'] } })).toMatchObject({ changed: false });
      await doubles.running('check');
      await doubles.release('a', { output: 1 });
      await doubles.release('after');
      await stand(run, { after: 'succeeded', report: 'pending' });
      expect((await run.explain('report')).reasons).toMatchObject([{ code: 'needs', tasks: ['check'] }]);
      await doubles.release('check', { output: 2 });
      const result = await run.result();
      expect(Object.keys(result.tasks)).toEqual(['a', 'report', 'after', 'check']);
      expect(result.tasks['report']).toMatchObject({ output: { a: 1, check: 2 } });
    });

    it('refuses cycles, names that are taken or missing, and dependents that ran', async () => {
      const run = await host.start(
        doubles.dag([doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])]),
      );
      await doubles.running('a');
      const refused = [
        [[doubles.task('x', ['c'])], { b: ['x'] }, 'DAG_INVALID'],
        [[doubles.task('x')], { a: ['x'] }, 'ACT_REFUSED'],
        [[doubles.task('b')], {}, 'ACT_REFUSED'],
        [[doubles.task('x', ['nobody'])], {}, 'TASK_NOT_FOUND'],
        [[doubles.task('x')], { nobody: ['x'] }, 'TASK_NOT_FOUND'],
        [[doubles.task('x', [], { timeout: { startToClose: 0.5 } })], {}, 'DAG_INVALID'],
      ] as const;
      for (const [tasks, needs, code] of refused) {
        await expect(run.addTasks(tasks, { needs })).rejects.toMatchObject({ code });
      }
      expect((await run.describe()).tasks).toHaveLength(3);
      for (const name of ['a', 'b', 'c']) await doubles.release(name);
      expect(states(await run.result())).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded' });
    });
  });
});
