import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHandlers } from '../activities/handlers.js';
import { attemptLogPath } from '../activities/log.js';
import type { Dag, Task } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import type { Run } from '../run/run.js';
import { runLocally, type LocalOptions } from './local.js';

let logFolder: string;

beforeEach(async () => {
  logFolder = await mkdtemp(join(tmpdir(), 'local-sub-runs-'));
});

afterEach(async () => {
  await rm(logFolder, { recursive: true, force: true });
});

function dagOf(tasks: readonly Task[], more: Partial<Dag> = {}): Dag {
  return { name: 'demo', params: {}, tasks, ...more };
}

function subRun(name: string, dag: Dag): Task {
  return { name, uses: 'dag', with: { dag: dag as unknown as JsonObject }, needs: [] };
}

function shell(name: string, run: string): Task {
  return { name, uses: 'shell', with: { run }, needs: [] };
}

function start(dag: Dag, options: Partial<LocalOptions> = {}): Run {
  const handlers = createHandlers({ environment: { PATH: process.env['PATH'] }, functions: [] });
  return runLocally(dag, { handlers, logFolder, validate: true, ...options });
}

describe('a task that is a run, in a local run', () => {
  it('has its logs under its own id, for each of its starts', async () => {
    const marker = join(logFolder, 'marker');
    const inner = dagOf([shell('a', `echo hello; [ -e ${marker} ] || { touch ${marker}; exit 1; }`)]);
    const run = start(dagOf([subRun('sub', dagOf([subRun('within', inner)])), shell('beside', 'sleep 600')]));
    await expect.poll(async () => (await run.describe()).counts.failed).toBe(1);
    await run.retryTask('sub');
    await expect.poll(async () => (await run.describe()).counts.succeeded).toBe(1);
    await run.cancel();
    await run.result();
    for (const sub of ['sub', 'sub#2']) {
      const log = attemptLogPath(logFolder, { runId: `${run.runId}/${sub}/within`, task: 'a', attempt: 1 });
      expect(await readFile(log, 'utf8')).toMatch(/^hello\n/);
    }
  });

  it('may have no activities of other workers, however deep', () => {
    const foreign: Task = { name: 'charge', uses: 'activity', with: { type: 'ChargeCard' }, needs: [] };
    const dag = dagOf([subRun('sub', dagOf([subRun('within', dagOf([foreign]))]))]);
    expect(() => start(dag)).toThrow(
      expect.objectContaining({
        code: 'EXECUTOR_UNSUPPORTED',
        message: 'Activities of other workers do not run locally: sub/within/charge.',
      }),
    );
  });

  it('tells of what changes in it', async () => {
    let changes = 0;
    const run = start(dagOf([subRun('sub', dagOf([shell('a', 'true')]))]), { onChange: () => changes++ });
    const before = changes;
    await run.result();
    expect(changes).toBeGreaterThan(before);
  });
});

describe('a wait in a local run', () => {
  it('may be longer than any timer of Node', async () => {
    const run = start(dagOf([{ name: 'late', uses: 'wait', with: { until: '9000-01-01T00:00:00Z' }, needs: [] }]));
    await expect.poll(async () => (await run.describe()).counts.waiting).toBe(1);
    await run.completeTask('late');
    expect((await run.result()).status).toBe('succeeded');
  });

  it('ends at its time, each of thousands', async () => {
    const tasks = Array.from({ length: 2_000 }, (_, i): Task => {
      return { name: `w${i}`, uses: 'wait', with: { for: 50 + (i % 10) * 10 }, needs: [] };
    });
    const result = await start(dagOf(tasks), { validate: false }).result();
    const began = Date.parse(result.startedAt);
    for (const { name, with: settings } of tasks) {
      const end = result.tasks[name]!;
      expect(end.status).toBe('succeeded');
      expect(Date.parse(end.endedAt!) - began).toBeGreaterThanOrEqual(Number(settings['for']) - 1);
    }
  });
});
