import { setTimeout } from 'node:timers/promises';
import type { Dag, Task } from '../src/dag/dag.js';
import type { JsonObject } from '../src/dag/json.js';
import { act, counted, ended, type Scenario } from './history-stage.js';

function control(name: string, uses: 'wait' | 'event' | 'approval', settings: JsonObject, ...needs: string[]): Task {
  return { name, uses, with: settings, needs: needs.map((task) => ({ task })) };
}

function subRun(name: string, dag: Dag): Task {
  return { name, uses: 'dag', with: { dag: dag as unknown as JsonObject }, needs: [] };
}

/** Waits, fan-outs, sub-dags, polls, compensations and `finally`. */
export const DATA_FLOW: Readonly<Record<string, Scenario>> = {
  async wait({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [
      control('short', 'wait', { for: 500 }),
      control('past', 'wait', { until: '2020-01-01T00:00:00Z' }),
      control('late', 'wait', { until: '9000-01-01T00:00:00Z' }),
      doubles.task('after', ['short']),
    ];
    const run = await start(doubles.dag(tasks));
    await doubles.release('after');
    await counted(run, 'waiting', 1);
    await act(run, 'completeTask', 'act-1', { task: 'late' });
    await ended(run);
  },
  async event({ temporal, doubles, start }) {
    await temporal.startWorker();
    const schema = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] };
    const tasks = [
      control('paid', 'event', { event: 'paid', schema, filter: 'event.sum > 5' }),
      control('never', 'event', { event: 'never', timeout: 1_000 }),
      control('early', 'event', { event: 'early' }, 'first'),
      doubles.task('first'),
      doubles.task('after', ['paid']),
    ];
    const run = await start(doubles.dag(tasks));
    await counted(run, 'waiting', 2);
    await act(run, 'sendEvent', 'act-1', { event: 'early', payload: 'before its time' });
    await run.signal('sendEvent', { event: 'paid', payload: 'nonsense' });
    await run.signal('sendEvent', { event: 'paid', payload: { sum: 3 } });
    await run.signal('sendEvent', { event: 'paid', payload: { sum: 7 }, by: 'ada', id: 'signal-1' });
    for (const name of ['first', 'after']) await doubles.release(name);
    await ended(run);
  },
  async approval({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [
      control('ok', 'approval', { message: 'All well?', approvers: ['ada'], reminder: 400 }),
      control('no', 'approval', {}),
      control('nobody', 'approval', { timeout: 1_500 }),
      control('default', 'approval', { timeout: 1_500, default: 'approve' }),
      doubles.task('after', ['ok', 'default']),
    ];
    const run = await start(doubles.dag(tasks));
    await counted(run, 'waiting', 4);
    await run.signal('approve', { task: 'ok', by: 'bob' });
    await act(run, 'reject', 'act-1', { task: 'no', reason: 'too dear' });
    await counted(run, 'waiting', 1);
    await run.signal('approve', { task: 'ok', by: 'ada', form: { note: 'fine' } });
    await doubles.release('after');
    await ended(run);
  },
  async 'many-waits'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = Array.from({ length: 520 }, (_, i) => control(`w${i}`, 'wait', { for: 1_000 + (i % 3) * 500 }));
    await ended(await start(doubles.dag(tasks)));
  },
  async poll({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [
      doubles.task('until', [], { poll: { until: 'output.done', interval: 300 } }),
      doubles.task('late', [], { poll: { until: 'false', interval: 300, timeout: 1_000 } }),
      doubles.task('after', ['until']),
    ];
    doubles.auto = (name) => (name === 'late' ? { output: {} } : undefined);
    const run = await start(doubles.dag(tasks));
    await doubles.release('until', { output: { done: false } });
    await doubles.begunTimes('until', 2);
    await doubles.release('until', { output: { done: true } });
    await doubles.release('after');
    await ended(run);
  },
  async 'sub-dag'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const inner = doubles.dag([doubles.task('a'), doubles.task('b', ['a'])], {
      outputs: { b: '${{ tasks.b.output }}' },
    });
    const bad = doubles.dag([doubles.task('bad')]);
    const tasks = [subRun('good', inner), subRun('broken', bad), doubles.task('after', ['good'])];
    const run = await start(doubles.dag(tasks));
    await doubles.running('a');
    await doubles.release('bad', { fail: { message: 'broken', retryable: false } });
    await counted(run, 'failed', 1);
    await act(run, 'pause', 'act-1', { mode: 'interrupt' });
    await doubles.cutOff('a');
    await act(run, 'resume', 'act-2');
    await act(run, 'retryTask', 'act-3', { task: 'broken' });
    await doubles.release('bad');
    for (const name of ['a', 'b', 'after']) await doubles.release(name, { output: name });
    await ended(run);
  },
  async 'sub-dag-cancelled'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const inner = doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]);
    const run = await start(
      doubles.dag([subRun('sub', doubles.dag([subRun('within', inner)])), doubles.task('beside')]),
    );
    await doubles.running('a');
    await doubles.running('beside');
    await act(run, 'cancel', 'act-1', { requestFollows: true });
    await run.cancel();
    await ended(run);
  },
  async 'sub-dag-terminated'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const run = await start(doubles.dag([subRun('sub', doubles.dag([doubles.task('a')]))]));
    await doubles.running('a');
    const client = await temporal.temporalClient();
    await client.workflow.getHandle('sub-dag-terminated/sub').terminate('by hand');
    await ended(run);
  },
  async 'sub-dag-across-continue-as-new'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const inner = doubles.dag([doubles.task('a'), doubles.task('b', ['a'])]);
    const chain = Array.from({ length: 14 }, (_, i) => doubles.task(`t${i}`, i === 0 ? ['gate'] : [`t${i - 1}`]));
    doubles.auto = (name) => (name.startsWith('t') ? {} : undefined);
    const tasks = [doubles.task('gate'), ...chain, subRun('sub', inner), control('paid', 'event', { event: 'paid' })];
    const run = await start(doubles.dag([...tasks, doubles.task('after', ['sub', 'paid'])]), {
      historyLimit: 60,
      probeInterval: 500,
    });
    await doubles.running('a');
    await doubles.release('gate');
    await counted(run, 'succeeded', 15);
    await run.signal('pause', { mode: 'interrupt' });
    await doubles.cutOff('a');
    await run.signal('resume');
    for (const name of ['a', 'b']) await doubles.release(name);
    await counted(run, 'succeeded', 16);
    await run.signal('sendEvent', { event: 'paid' });
    await doubles.release('after');
    await ended(run);
  },
  async 'orphaned-sub-dag'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [subRun('sub', doubles.dag([doubles.task('a')]))];
    const run = await start(doubles.dag(tasks), { probeInterval: 300 });
    await doubles.running('a');
    await run.terminate('by hand');
    await doubles.cutOff('a');
  },
  async 'fan-out'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [
      doubles.task('list'),
      doubles.task('each', ['list'], { forEach: '${{ tasks.list.output }}', maxParallel: 2 }),
      doubles.task('none', [], { forEach: [] }),
      doubles.task('bears', [], { forEach: { range: { to: 3 } }, tolerate: { count: 1 } }),
      doubles.task('after', ['each', 'bears', 'none']),
    ];
    doubles.auto = (name) => (name.startsWith('bears') ? { output: name } : undefined);
    const run = await start(doubles.dag(tasks));
    await doubles.release('list', { output: ['a', 'b', 'c'] });
    for (const index of [1, 0]) await doubles.release(`each[${index}]`, { output: index });
    await doubles.release('each[2]', { fail: { message: 'broken', retryable: false } });
    await counted(run, 'upstream_failed', 1);
    await ended(run);
  },
  async 'fan-out-across-continue-as-new'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [
      doubles.task('each', [], { forEach: { range: { to: 29 } }, maxParallel: 3 }),
      doubles.task('after', ['each']),
    ];
    doubles.auto = (name) => (name === 'each[29]' || name === 'after' ? undefined : { output: name });
    const run = await start(doubles.dag(tasks), { historyLimit: 80 });
    await doubles.release('each[29]', { output: 'last' });
    await doubles.release('after');
    await ended(run);
  },
  async compensation({ temporal, doubles, start }) {
    await temporal.startWorker();
    const undo = (name: string): Partial<Task> => {
      const { uses, with: settings } = doubles.task(name);
      return { compensate: { uses: uses as 'function', with: settings } };
    };
    const tasks = [
      doubles.task('a', [], undo('a')),
      doubles.task('b', ['a'], undo('b')),
      doubles.task('c', ['a'], undo('c')),
      doubles.task('bad', ['b', 'c']),
      doubles.task('report', [], { finally: true }),
    ];
    const run = await start(doubles.dag(tasks));
    for (const name of ['a', 'b', 'c']) await doubles.release(name);
    await doubles.release('bad', { fail: { message: 'broken', retryable: false } });
    for (const name of ['b~undo', 'c~undo', 'a~undo', 'report']) await doubles.release(name);
    await ended(run);
  },
  async 'finally-on-cancel'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const tasks = [doubles.task('a'), doubles.task('b', ['a']), doubles.task('clean', [], { finally: true })];
    const run = await start(doubles.dag(tasks));
    await doubles.running('a');
    await act(run, 'cancel', 'act-1', { requestFollows: true });
    await run.cancel();
    await doubles.release('clean');
    await ended(run);
  },
  async 'act-starts-tasks-beside-a-long-one'({ temporal, doubles, start }) {
    await temporal.startWorker();
    const chain = Array.from({ length: 14 }, (_, i) => doubles.task(`t${i}`, i === 0 ? ['gate'] : [`t${i - 1}`]));
    doubles.auto = (name) => (name.startsWith('t') ? {} : undefined);
    const tasks = [doubles.task('long'), doubles.task('gate'), ...chain, control('ok', 'approval', {})];
    const run = await start(doubles.dag([...tasks, doubles.task('after', ['ok'])]), { historyLimit: 60 });
    await doubles.running('long');
    await doubles.release('gate');
    await counted(run, 'succeeded', 15);
    // The drain is over: what an act lets start goes to a child workflow.
    await setTimeout(2_000);
    await act(run, 'approve', 'act-1', { task: 'ok' });
    await doubles.release('after');
    await doubles.release('long');
    await ended(run);
  },
};
