import type { Task } from '../src/dag/dag.js';
import { act, ended, type Scenario } from './history-stage.js';

/** Pools with rates, pools that runs share, turns of runs, attempts that the run makes, tasks that are stopped for shorter ones. */
export const SCHEDULING: Readonly<Record<string, Scenario>> = {
  async 'retried-by-run'({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = (name, attempt) => (name === 'flaky' && attempt === 1 ? { fail: { message: 'not yet' } } : {});
    const retry = { maximumAttempts: 3, initialInterval: 1_000 };
    const pool = [{ name: 'press', slots: 1 }];
    const tasks = [doubles.task('flaky', [], { pool, retry }), doubles.task('other', [], { pool })];
    await ended(await start(doubles.dag(tasks, { pools: { press: 1 } })));
  },
  async 'pool-rate'({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = () => ({});
    const pool = [{ name: 'api', slots: 1 }];
    const tasks = ['a', 'b', 'c'].map((name) => doubles.task(name, [], { pool }));
    const run = await start(doubles.dag(tasks, { pools: { api: { rate: { count: 1, per: 1_500 } } } }));
    await act(run, 'setPool', 'act-1', { pool: 'api', slots: 3 });
    await ended(run);
  },
  async 'pool-passed'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const needing = (name: string, slots: number, needs: string[] = []): Task =>
      doubles.task(name, needs, { pool: [{ name: 'gpu', slots }] });
    const tasks = [
      needing('all', 3),
      needing('one', 1),
      needing('each', 3),
      needing('two', 2),
      needing('late', 2, ['all']),
    ];
    const run = await start(doubles.dag(tasks, { pools: { gpu: 3 }, concurrency: 2 }));
    for (const name of ['all', 'one', 'two', 'each', 'late']) await doubles.release(name);
    await ended(run);
  },
  async preempted({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [
      doubles.task('long', [], { estimate: 60_000, preemptible: true }),
      { name: 'later', uses: 'wait' as const, with: { for: 1_500 }, needs: [] },
      doubles.task('short', ['later'], { estimate: 100 }),
    ];
    const run = await start(doubles.dag(tasks, { concurrency: 1, policy: 'srtf' }));
    await doubles.running('long');
    await doubles.release('short');
    await doubles.begunTimes('long', 2);
    await doubles.release('long');
    await ended(run);
  },
  async 'shared-pool'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const pool = [{ name: 'db', slots: 1 }];
    const retry = { maximumAttempts: 2, initialInterval: 500 };
    const tasks = ['a', 'b', 'c'].map((name) => doubles.task(name, [], { pool, retry }));
    const run = await start(doubles.dag(tasks, { pools: { db: { slots: 2, scope: 'global' } }, maxRuns: 1 }));
    await doubles.running('a');
    await act(run, 'pause', 'act-1', { mode: 'drain' });
    await doubles.release('a', { fail: { message: 'not yet' } });
    await act(run, 'resume', 'act-2');
    await doubles.release('b');
    await doubles.begunTimes('a', 2);
    await doubles.release('a');
    await doubles.running('c');
    await act(run, 'cancel', 'act-3');
    await ended(run);
  },
  async 'shared-across-continue-as-new'({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = () => ({});
    const pool = [{ name: 'db', slots: 1 }];
    const tasks = Array.from({ length: 30 }, (_, position) => doubles.task(`t${position}`, [], { pool }));
    const dag = doubles.dag(tasks, { pools: { db: { slots: 3, scope: 'global' } }, maxRuns: 2 });
    await ended(await start(dag, { historyLimit: 80 }));
  },
  async placed({ temporal, doubles, start }) {
    await temporal.startWorker();
    const group = { name: 'gpu', labels: ['gpu'] };
    const first = await temporal.startWorker({ slots: 1, group });
    await temporal.startWorker({ slots: 1, group: { name: 'other', labels: ['gpu'], standby: true } });
    const requires = { labels: ['gpu'] };
    const tasks = [doubles.task('a', [], { requires }), doubles.task('b', [], { requires }), doubles.task('c')];
    const run = await start(
      doubles.dag(tasks, { placement: 'least-loaded', defaults: { timeout: { heartbeat: 2_000 } } }),
    );
    await doubles.running('a');
    // Its group has gone: it goes to the other one.
    await first.shutdown();
    doubles.auto = () => ({});
    await doubles.release('b');
    await ended(run);
  },
  async learned({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = () => ({});
    const estimates = { doubles: { a: { time: 900 }, b: { time: 100, perSize: 10 }, c: { time: 500 } } };
    const tasks = [doubles.task('a'), doubles.task('b', [], { size: '3' }), doubles.task('c')];
    await ended(await start(doubles.dag(tasks, { policy: 'sjf', concurrency: 1 }), { estimates }));
    const client = await temporal.client();
    while ((await client.stats('doubles').catch(() => undefined)) === undefined);
  },
};
