// Records the histories of runs that test/replay.test.ts replays for ever. A history that is there is never recorded
// again: a change in behaviour goes behind a patch and gets scenarios, and so histories, of its own.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { Task } from '../src/dag/dag.js';
import { RUN_WORKFLOW, statusQuery, type RunInput } from '../src/workflows/messages.js';
import { DAG_KEY, FAILED_TASKS_KEY, STATE_KEY, TAGS_KEY } from '../src/workflows/search-attribute-keys.js';
import { TaskDoubles } from '../test/support/task-doubles.js';
import { TestTemporal } from '../test/support/temporal.js';
import { DATA_FLOW } from './data-flow-histories.js';
import { SCHEDULING } from './scheduling-histories.js';
import { act, counted, ended, type Scenario } from './history-stage.js';
import { WORKER_GROUPS } from './worker-group-histories.js';

const FOLDER = fileURLToPath(new URL('../test/histories/', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

const ATTRIBUTES = new TypedSearchAttributes([
  { key: DAG_KEY, value: 'doubles' },
  { key: STATE_KEY, value: 'running' },
  { key: FAILED_TASKS_KEY, value: 0 },
  { key: TAGS_KEY, value: ['nightly'] },
]);

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  async diamond({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = (task) => ({ output: task });
    const tasks = [task(doubles, 'a'), task(doubles, 'b', 'a'), task(doubles, 'c', 'a'), task(doubles, 'd', 'b', 'c')];
    await ended(await start(doubles.dag(tasks)));
  },
  async 'failures-and-retries'({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = (name, attempt) =>
      name === 'fine' || (name === 'flaky' && attempt > 1) ? {} : { fail: { message: `${name} broke` } };
    const retry = { maximumAttempts: 2, initialInterval: 10 };
    const tasks = [
      doubles.task('flaky', [], { retry }),
      doubles.task('bad', [], { retry }),
      doubles.task('let-go', [], { continueOnError: true }),
      doubles.task('below-bad', ['bad']),
      doubles.task('fine', ['let-go']),
      { ...doubles.task('slow'), uses: 'shell', with: { run: 'sleep 60' }, timeout: { startToClose: 100 } } as Task,
    ];
    await ended(await start(doubles.dag(tasks)));
  },
  async 'trigger-rules-and-conditions'({ temporal, doubles, start }) {
    await temporal.startWorker();
    doubles.auto = (name) => (name === 'bad' ? { fail: { message: 'broken' } } : { output: { rows: 3 } });
    const run = await start(
      doubles.dag([
        doubles.task('fine'),
        doubles.task('bad'),
        doubles.task('alarm', ['fine', 'bad'], { triggerRule: 'one_failed' }),
        doubles.task('sweep', ['alarm', 'bad'], { triggerRule: 'all_done' }),
        doubles.task('full', ['fine'], { when: 'tasks.fine.output.rows > 0' }),
        doubles.task('empty', ['fine'], { when: 'tasks.fine.output.rows == 0' }),
        doubles.task('join', ['full', 'empty'], { triggerRule: 'none_failed' }),
        doubles.task('valueless', ['fine'], { when: 'tasks.fine.output.columns > 0' }),
      ]),
    );
    await ended(run);
  },
  async 'fail-fast'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [doubles.task('bad'), doubles.task('runs'), doubles.task('never', ['runs'])];
    const run = await start(doubles.dag(tasks, { failFast: true }));
    await doubles.running('runs');
    await doubles.release('bad', { fail: { message: 'broken', retryable: false } });
    while ((await run.query(statusQuery)).counts.failed !== 1);
    await doubles.release('runs');
    await ended(run);
  },
  async 'drain-and-resume'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('pause');
    await doubles.release('a');
    while ((await run.query(statusQuery)).counts.ready !== 1);
    await run.signal('resume');
    await doubles.release('b');
    await ended(run);
  },
  async 'interrupt-and-resume'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('pause', { mode: 'interrupt' });
    await doubles.cutOff('a');
    await run.signal('resume');
    await doubles.release('a');
    await doubles.release('b');
    await ended(run);
  },
  async 'cancel-request'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.cancel();
    await ended(run);
  },
  async 'cancel-signal'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('cancel');
    await ended(run);
  },
  async 'run-timeout'({ temporal, doubles, start }) {
    await temporal.startWorker();
    await ended(await start(doubles.dag([doubles.task('a')], { timeout: 500 })));
  },
  async 'long-task-across-continue-as-new'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const chain = Array.from({ length: 30 }, (_, i) => doubles.task(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
    doubles.auto = (name) => (name === 'first' || name === 'last' ? undefined : {});
    const run = await start(doubles.dag([doubles.task('first'), ...chain, doubles.task('last', ['t29'])]), {
      historyLimit: 100,
    });
    await doubles.running('last');
    await doubles.release('first');
    await doubles.release('last');
    await ended(run);
  },
  async 'worker-killed'({ temporal, doubles, start }) {
    const worker = await temporal.spawnWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['b'])]));
    await doubles.release('a');
    await doubles.running('b');
    await worker.kill();
    await temporal.spawnWorker();
    await doubles.begunTimes('b', 2);
    await doubles.release('b');
    await doubles.release('c');
    await ended(run);
  },
  async 'server-killed'({ temporal, doubles, start, again }) {
    await temporal.spawnWorker();
    await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.release('a');
    await doubles.running('b');
    await temporal.killServer();
    await temporal.startServer();
    await doubles.release('b');
    await ended(await again());
  },
  async 'paused-while-all-was-killed'({ temporal, doubles, start, again }) {
    const worker = await temporal.spawnWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await run.signal('pause');
    // Where the worker dies before it has told of the end of `a`, that runs a second time.
    doubles.auto = (name) => (name === 'a' ? {} : undefined);
    await doubles.release('a');
    await worker.kill();
    await temporal.killServer();
    await temporal.startServer();
    await temporal.spawnWorker();
    await (await again()).signal('resume');
    await doubles.release('b');
    await ended(await again());
  },
  async 'acts-on-tasks'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [
      ...['bad', 'cancelled', 'skipped', 'completed', 'held'].map((name) => doubles.task(name)),
      doubles.task('below-bad', ['bad']),
      doubles.task('below-skipped', ['skipped']),
      doubles.task('below-completed', ['completed']),
      doubles.task('later', ['held']),
    ];
    const run = await start(doubles.dag(tasks));
    for (const { name } of tasks.slice(0, 5)) await doubles.running(name);
    await doubles.release('bad', { fail: { message: 'broken', retryable: false } });
    await counted(run, 'upstream_failed', 1);
    await act(run, 'pauseTask', 'act-1', { task: 'held', mode: 'interrupt' });
    await act(run, 'pauseTask', 'act-2', { task: 'later' });
    await act(run, 'cancelTask', 'act-3', { task: 'cancelled' });
    await act(run, 'skipTask', 'act-4', { task: 'skipped' });
    await act(run, 'completeTask', 'act-5', { task: 'completed', output: { rows: 7 } });
    await act(run, 'retryTask', 'act-6', { task: 'bad' });
    await counted(run, 'skipped', 2);
    await counted(run, 'ready', 1);
    await act(run, 'resumeTask', 'act-7', { task: 'held' });
    await act(run, 'resumeTask', 'act-8', { task: 'later' });
    for (const name of ['bad', 'below-bad', 'below-completed', 'held', 'later']) await doubles.release(name);
    await ended(run);
  },
  async 'acts-on-order-and-dag'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [doubles.task('first'), doubles.task('low', ['first']), doubles.task('high', ['first'])];
    const run = await start(doubles.dag(tasks));
    await doubles.running('first');
    await act(run, 'setConcurrency', 'act-1', { concurrency: 1 });
    await act(run, 'setPolicy', 'act-2', { policy: 'priority' });
    await act(run, 'setPriority', 'act-3', { task: 'high', priority: 5 });
    const added = [doubles.task('added', ['first']), doubles.task('check', [], { priority: 9 })];
    await act(run, 'addTasks', 'act-4', { tasks: added, needs: { low: ['check'] } });
    for (const name of ['first', 'check', 'high']) await doubles.release(name);
    await doubles.running('added');
    await act(run, 'setConcurrency', 'act-5', { concurrency: 4 });
    for (const name of ['low', 'added']) await doubles.release(name);
    await ended(run);
  },
  async 'acts-on-run'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await act(run, 'pause', 'act-1');
    await act(run, 'pause', 'act-2', { mode: 'interrupt' });
    await doubles.cutOff('a');
    await counted(run, 'ready', 1);
    await act(run, 'resume', 'act-3');
    await doubles.release('a');
    await doubles.running('b');
    await act(run, 'cancel', 'act-4', { reason: 'enough', requestFollows: true });
    await run.cancel();
    await ended(run);
  },
  async 'auto-resume'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    await act(run, 'pause', 'act-1', { until: new Date(Date.now() + 3_600_000).toISOString() });
    await act(run, 'resume', 'act-2');
    await act(run, 'pause', 'act-3', { until: new Date(Date.now() + 3_600_000).toISOString() });
    await act(run, 'pause', 'act-4', { until: new Date(Date.now() + 1_000).toISOString() });
    await doubles.release('a');
    await doubles.release('b');
    await ended(run);
  },
  async 'signals-with-arguments'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]));
    await doubles.running('a');
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await run.signal('pause', { mode: 'interrupt', until, by: 'ada', id: 'signal-1' });
    await run.signal('pause', { mode: 'interrupt', until, by: 'ada', id: 'signal-1' });
    await doubles.cutOff('a');
    await counted(run, 'ready', 1);
    await run.signal('pause', { mode: 'nonsense' });
    await run.signal('resume', 7);
    await run.signal('resume', { by: 'bob' });
    await doubles.running('a');
    await run.signal('cancel', { reason: 'enough' });
    await ended(run);
  },
  async 'acts-with-search-attributes'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [doubles.task('a'), doubles.task('bad'), doubles.task('b', ['a'])];
    const run = await start(doubles.dag(tasks, { tags: ['nightly'] }), { searchAttributes: true });
    await doubles.running('a');
    await doubles.release('bad', { fail: { message: 'broken', retryable: false } });
    await counted(run, 'failed', 1);
    await act(run, 'pause', 'act-1');
    await act(run, 'retryTask', 'act-2', { task: 'bad' });
    await act(run, 'resume', 'act-3');
    await doubles.release('bad');
    await doubles.release('a');
    await doubles.running('b');
    await act(run, 'cancel', 'act-4', { requestFollows: true });
    await run.cancel();
    await ended(run);
  },
  async rerun({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [doubles.task('a'), doubles.task('b', ['a']), doubles.task('c', ['a', 'b']), doubles.task('d')];
    const takeOver = { runId: 'the-first', tasks: [[0, 'of a'], [3]] as const, omitted: [3] };
    const run = await start(doubles.dag(tasks), { takeOver });
    await doubles.running('b');
    await doubles.release('b', { output: 'of b' });
    await doubles.release('c');
    await ended(run);
  },
  async 'acts-across-continue-as-new'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const chain = Array.from({ length: 14 }, (_, i) => doubles.task(`t${i}`, [i === 0 ? 'gate' : `t${i - 1}`]));
    const last = ['paused', 'cancelled', 'completed', 'low', 'high'].map((name) => doubles.task(name, ['t13']));
    doubles.auto = (name) => (name.startsWith('t') ? {} : undefined);
    const tasks = [doubles.task('gate'), ...chain, ...last, doubles.task('after', ['completed'])];
    const run = await start(doubles.dag(tasks), { historyLimit: 60 });
    await doubles.running('gate');
    await act(run, 'pauseTask', 'act-1', { task: 'paused' });
    await act(run, 'cancelTask', 'act-2', { task: 'cancelled' });
    await act(run, 'completeTask', 'act-3', { task: 'completed', output: { rows: 7 } });
    await act(run, 'setPriority', 'act-4', { task: 'high', priority: 5 });
    await act(run, 'setPolicy', 'act-5', { policy: 'priority' });
    await act(run, 'setConcurrency', 'act-6', { concurrency: 1 });
    await act(run, 'addTasks', 'act-7', { tasks: [doubles.task('added', ['t13'])] });
    await doubles.release('gate');
    await doubles.release('after');
    await doubles.running('high');
    await act(run, 'resumeTask', 'act-8', { task: 'paused' });
    await act(run, 'pause', 'act-9', { until: new Date(Date.now() + 2_000).toISOString() });
    for (const name of ['high', 'paused', 'low', 'added']) await doubles.release(name);
    await ended(run);
  },
  async 'completed-across-continue-as-new'({ temporal, doubles, start, again }) {
    await temporal.startWorker();
    const chain = Array.from({ length: 6 }, (_, i) => doubles.task(`t${i}`, i === 0 ? [] : [`t${i - 1}`]));
    doubles.auto = (name) => (name.startsWith('t') ? {} : undefined);
    const tasks = [doubles.task('first'), ...chain, doubles.stubborn('long', ['t5']), doubles.task('last', ['long'])];
    const run = await start(doubles.dag(tasks), { historyLimit: 30 });
    const execution = (await run.describe()).runId;
    await doubles.running('long');
    await act(run, 'completeTask', 'act-1', { task: 'long', output: 'by hand' });
    await doubles.release('first');
    while ((await (await again()).describe()).runId === execution);
    await doubles.release('long');
    await doubles.release('last');
    await ended(run);
  },
  async 'acts-between-kills'({ temporal, doubles, start }) {
    const worker = await temporal.spawnWorker();
    const defaults = { timeout: { heartbeat: 2_000 } };
    const tasks = ['cancelled', 'held', 'runs'].map((name) => doubles.task(name));
    const run = await start(doubles.dag([...tasks, doubles.task('last', ['runs'])], { defaults }));
    for (const { name } of tasks) await doubles.running(name);
    await act(run, 'setPriority', 'act-1', { task: 'last', priority: 1 });
    await worker.kill();
    await temporal.spawnWorker();
    await act(run, 'cancelTask', 'act-2', { task: 'cancelled' });
    await act(run, 'pauseTask', 'act-3', { task: 'held', mode: 'interrupt' });
    await counted(run, 'ready', 1);
    await act(run, 'resumeTask', 'act-4', { task: 'held' });
    for (const name of ['held', 'runs', 'last']) await doubles.release(name);
    await ended(run);
  },
  async 'cancel-while-no-worker'({ temporal, doubles, start }) {
    const worker = await temporal.spawnWorker();
    const run = await start(doubles.dag([doubles.task('a')], { defaults: { timeout: { heartbeat: 2_000 } } }));
    await doubles.running('a');
    await worker.kill();
    await run.signal('cancel', { reason: 'enough', by: 'ada', id: 'signal-1', requestFollows: true });
    await run.cancel();
    await temporal.spawnWorker();
    await ended(run);
  },
  ...DATA_FLOW,
  ...WORKER_GROUPS,
  ...SCHEDULING,
};

function task(doubles: TaskDoubles, name: string, ...needs: string[]): Task {
  return doubles.task(name, needs);
}

/** Of what lives on beside a run, what is recorded with each scenario. */
const LIVES_ON: Readonly<Record<string, readonly string[]>> = {
  'worker-registry': ['dagwright-workers/'],
  'shared-pool': ['dagwright-pool/'],
  'shared-across-continue-as-new': ['dagwright-pool/'],
  placed: ['dagwright-workers/'],
  learned: ['dagwright-stats/'],
};

await mkdir(FOLDER, { recursive: true });
for (const [name, play] of Object.entries(SCENARIOS)) {
  if (existsSync(`${FOLDER}${name}.json`)) continue;
  const doubles = await TaskDoubles.start();
  const temporal = await TestTemporal.start();
  try {
    const again = async (): Promise<WorkflowHandle> => (await temporal.temporalClient()).workflow.getHandle(name);
    await play({
      temporal,
      doubles,
      again,
      async start(dag, more = {}) {
        const input: RunInput = { dag, params: {}, ...more };
        const client = await temporal.temporalClient();
        return client.workflow.start(RUN_WORKFLOW, {
          workflowId: name,
          taskQueue: 'test',
          args: [input],
          ...(more.searchAttributes === true ? { typedSearchAttributes: ATTRIBUTES } : {}),
        });
      },
    });
    await record(temporal, name, LIVES_ON[name] ?? []);
  } finally {
    await temporal.stop();
    await doubles.stop();
  }
}

/** Every execution of the run and of its children, each in a file of its own. */
async function record(temporal: TestTemporal, name: string, recorded: readonly string[]): Promise<void> {
  const client = await temporal.temporalClient();
  const handles: { workflowId: string; runId: string; startTime: Date }[] = [];
  let running = 1;
  while (running > 0 || handles.length === 0) {
    handles.length = 0;
    running = 0;
    for await (const info of client.workflow.list()) {
      // What runs share, and what is learned of them, lives on: it is recorded as far as it has come.
      const isRun = !info.workflowId.startsWith('dagwright-');
      if (isRun && info.status.name === 'RUNNING') running++;
      if (isRun || recorded.some((prefix) => info.workflowId.startsWith(prefix))) handles.push(info);
    }
  }
  handles.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  for (const [index, { workflowId, runId }] of handles.entries()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const file = index === 0 ? name : `${name}.${index}`;
    const text = historyToJSON(history).replaceAll(ROOT, '/').replaceAll(`@${hostname()}`, '@host');
    await writeFile(`${FOLDER}${file}.json`, `${text}\n`);
    console.log(`${file}: ${String(history.events?.length)} events`);
  }
}
