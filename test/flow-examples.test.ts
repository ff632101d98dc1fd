import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHandlers } from '../src/activities/handlers.js';
import { loadConfig } from '../src/config.js';
import type { Dag, Task } from '../src/dag/dag.js';
import type { JsonObject } from '../src/dag/json.js';
import { runLocally } from '../src/executor/local.js';
import type { Run, RunResult } from '../src/run/run.js';
import { formatDiagnostic } from '../src/spec/diagnostic.js';
import { loadDagFile } from '../src/spec/load.js';
import { resolveParams } from '../src/spec/params.js';
import { openStore } from '../src/store/open-store.js';
import { loadTestFile } from '../src/testing/load-tests.js';
import { testDag } from '../src/testing/test-dag.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { stand, states } from './support/executor-hosts.js';
import { TestTemporal } from './support/temporal.js';

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));

interface Executor {
  start(dag: Dag, params: JsonObject): Promise<Run>;
  stop(): Promise<void>;
}

/** Temporal's needs seconds to be there, so each is started once. */
const executors: readonly (readonly [name: string, begin: () => Promise<Executor>])[] = [
  ['local', beginLocal],
  ['temporal', beginTemporal],
];

async function beginLocal(): Promise<Executor> {
  const state = await mkdtemp(join(tmpdir(), 'dagwright-examples-'));
  const handlers = createHandlers({ environment: loadConfig().environment });
  const options = { handlers, logFolder: join(state, 'logs'), store: openStore({ folder: join(state, 'store') }) };
  return {
    start: async (dag, params) => runLocally(dag, { ...options, ...resolveParams(dag, params), validate: true }),
    stop: () => rm(state, { recursive: true, force: true }),
  };
}

async function beginTemporal(): Promise<Executor> {
  const temporal = await TestTemporal.start();
  const worker = await DagWorker.start({ address: temporal.address, config: temporal.config });
  return {
    start: (dag, params) => worker.client.start(dag, { params }),
    stop: async () => {
      await worker.shutdown();
      await temporal.stop();
    },
  };
}

describe.each(executors)('on the %s executor', (_name, begin) => {
  let executor: Executor;
  /** A copy of the examples, for they leave files beside them. */
  let folder: string;

  beforeAll(async () => {
    executor = await begin();
  }, 900_000);
  afterAll(() => executor.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dagwright-example-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function start(example: string, params: JsonObject = {}, change = (dag: Dag): Dag => dag): Promise<Run> {
    await cp(join(EXAMPLES, example), folder, { recursive: true });
    return executor.start(change(await load(join(folder, 'dag.yaml'))), params);
  }

  const left = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');

  describe('examples/etl', () => {
    it('bears one bad file, loads the others row by row, and cleans up', async () => {
      const result = await (await start('etl')).result();

      expect(result.status).toBe('succeeded');
      // The three good files: 3, 4 and 2 rows.
      const cents = 12 * 450 + 8 * 620 + 14 * 780 + 30 * 620 + 5 * 780 + 21 * 450 + 17 * 620 + 9 * 450 + 4 * 450;
      expect(result.outputs).toEqual({ rows: 9, cents, branch: 'single', rejected: 1 });
      expect(states(result)).toMatchObject({ 'convert[3]': 'failed', 'load-bulk': 'skipped', check: 'succeeded' });
      expect(result.tasks['convert[3]']).toMatchObject({ attempts: 1, error: { details: { exitCode: 65 } } });
      expect(result.tasks['load-single']?.output).toEqual({ statements: 9 });
      expect(await readdir(join(folder, 'out'))).toEqual([]);
    });

    it('takes the other branch where there is much', async () => {
      const result = await (await start('etl', { bulkFrom: 9 })).result();

      expect(result.outputs).toMatchObject({ branch: 'bulk' });
      expect(states(result)).toMatchObject({ 'load-bulk': 'succeeded', 'load-single': 'skipped', check: 'succeeded' });
    });

    it('fails by a second bad file, and cleans up all the same', async () => {
      await cp(join(EXAMPLES, 'etl/data/west.csv'), join(folder, 'data/worst.csv'));

      const result = await (await start('etl')).result();

      expect(result.status).toBe('failed');
      expect(result.tasks['convert']?.error).toMatchObject({ code: 'FANOUT_FAILED', details: { items: 5, failed: 2 } });
      expect(states(result)).toMatchObject({
        combine: 'upstream_failed',
        check: 'upstream_failed',
        clean: 'succeeded',
      });
      expect(await readdir(join(folder, 'out'))).toEqual([]);
    });
  });

  describe('examples/order-saga', () => {
    const ledger = async (): Promise<string[]> => (await left('out/ledger-A-1001.txt')).trim().split('\n');

    it('ships, and asks a busy bank again', async () => {
      const result = await (await start('order-saga', { trouble: 'busy' })).result();

      expect(result).toMatchObject({ status: 'succeeded', outputs: { payment: 'P-42' } });
      expect(result.tasks['charge-card']).toMatchObject({ attempts: 3 });
      expect((await ledger()).slice(3)).toEqual([
        `charge 4990 for A-1001 (${result.runId}/charge-card)`,
        'ship A-1001',
        'tell the customer: succeeded',
      ]);
    });

    it('undoes the charge first, then goods and courier, where it cannot ship', async () => {
      const result = await (await start('order-saga', { trouble: 'courier' })).result();

      expect(result.status).toBe('failed');
      expect(undoings(result)).toEqual({ 'charge-card': 1, 'reserve-goods': 1, 'book-courier': 1 });
      const lines = (await ledger()).slice(4);
      expect([lines[0], lines.at(-1)]).toEqual(['refund P-42', 'tell the customer: failed']);
      expect(lines.slice(1, -1).toSorted()).toEqual(['cancel courier C-77', 'release goods of A-1001']);
    });

    it('asks no second time where the card is declined, and refunds nothing', async () => {
      const result = await (await start('order-saga', { trouble: 'card' })).result();

      expect(result.tasks['charge-card']).toMatchObject({ status: 'failed', attempts: 1 });
      expect(undoings(result)).toEqual({ 'reserve-goods': 1, 'book-courier': 1 });
      expect(await ledger()).not.toContain('refund P-42');
    });
  });

  describe('examples/approval', () => {
    it('publishes what an approver says yes to, with the title that they give', async () => {
      const run = await start('approval');
      await stand(run, { approve: 'waiting' });

      const { tasks } = await run.describe();
      expect(tasks.find(({ name }) => name === 'approve')?.waitsFor).toMatchObject({
        message: 'Publish the report of 2026-11? It has 42 orders.',
        approvers: ['ann', 'bob'],
        default: 'reject',
      });
      const form = { title: 'A good month' };
      await expect(run.approve('approve', { by: 'eve', form })).rejects.toMatchObject({ code: 'ACT_REFUSED' });
      await expect(run.approve('approve', { by: 'ann', form: {} })).rejects.toMatchObject({ code: 'ACT_INVALID' });
      await run.approve('approve', { by: 'ann', form });

      const result = await run.result();
      expect(result).toMatchObject({ status: 'succeeded', outputs: { published: true } });
      expect(states(result)).toMatchObject({ publish: 'succeeded', 'put-aside': 'skipped' });
      expect(await left('out/published-2026-11.txt')).toMatch(/^A good month \(approved by ann\)\nReport of 2026-11/);
    });

    it('puts aside what an approver says no to', async () => {
      const run = await start('approval');
      await stand(run, { approve: 'waiting' });

      await run.reject('approve', { by: 'bob', reason: 'wrong month' });

      expect(await run.result()).toMatchObject({ status: 'succeeded', outputs: { published: false } });
      expect(await left('out/aside-2026-11.txt')).toMatch(/^Not published\. bob said no: wrong month\n/);
    });

    it('puts aside what nobody decides on in time', async () => {
      const run = await start('approval', {}, (dag) =>
        changed(dag, 'approve', (task) => ({ ...task, with: { ...task.with, timeout: 50 } })),
      );

      expect(await run.result()).toMatchObject({ status: 'succeeded', outputs: { published: false } });
      expect(await left('out/aside-2026-11.txt')).toMatch(/^Not published\. Nobody decided/);
    });
  });

  describe('examples/delivery', () => {
    it('waits for the payment of its own order, then asks after each parcel until it has arrived', async () => {
      const run = await start('delivery');
      await stand(run, { paid: 'waiting' });

      const broken = run.sendEvent('payment', { payload: { order: 'A-1001', cents: 0 } });
      await expect(broken).rejects.toMatchObject({ code: 'ACT_INVALID' });
      await run.sendEvent('payment', { payload: { order: 'B-1', cents: 10 } });
      await stand(run, { paid: 'waiting' });
      await run.sendEvent('payment', { payload: { order: 'A-1001', cents: 4990 } });

      const result = await run.result();
      expect(result.status).toBe('succeeded');
      expect(result.outputs).toEqual({ cents: 4990, numbers: ['A-1001-books', 'A-1001-lamp', 'A-1001-plant'] });
      expect(result.tasks['parcels']?.output).toContainEqual({ number: 'A-1001-plant', state: 'arrived' });
      expect((await left('out/lamp.asked')).trim().split('\n')).toHaveLength(3);
    });
  });

  describe('examples/media-pipeline', () => {
    it('makes a picture for each width and look, and takes the painting from the cache the second time', async () => {
      const first = await (await start('media-pipeline', { width: 90, widths: [60, 30] })).result();

      expect(first.status).toBe('succeeded');
      expect(first.outputs?.['renditions']).toMatchObject([
        { width: 60, height: 40 },
        { width: 60, height: 40 },
        { width: 30, height: 20 },
        { width: 30, height: 20 },
      ]);
      const files = ['30-colour.ppm', '30-grey.ppm', '60-colour.ppm', '60-grey.ppm'];
      const made = await readdir(join(folder, 'out', first.runId));
      expect(made.filter((name) => name.endsWith('.ppm')).toSorted()).toEqual(files);
      const [colour, grey] = await Promise.all(
        ['60-colour.ppm', '60-grey.ppm'].map((name) => readFile(join(folder, 'out', first.runId, name))),
      );
      for (const picture of [colour, grey]) {
        expect(picture?.subarray(0, 13).toString('latin1')).toBe('P6\n60 40\n255\n');
        expect(picture).toHaveLength(13 + 60 * 40 * 3);
      }
      expect(isGrey(grey!)).toBe(true);
      expect(isGrey(colour!)).toBe(false);

      await rm(join(folder, 'out'), { recursive: true });
      const second = await (await start('media-pipeline', { width: 90, widths: [60, 30] })).result();

      expect(second.tasks['paint']).toMatchObject({ status: 'succeeded', cached: { runId: first.runId } });
      expect(await readFile(join(folder, 'out', second.runId, '60-colour.ppm'))).toEqual(colour);
    });
  });
});

const TESTED = readdirSync(EXAMPLES).filter((example) => existsSync(join(EXAMPLES, example, 'dag.test.yaml')));

describe.each(TESTED)('examples/%s/dag.test.yaml', (example) => {
  it('passes', async () => {
    const { loaded, diagnostics } = await loadTestFile(join(EXAMPLES, example, 'dag.test.yaml'));
    expect(diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(loaded?.tests.length).toBeGreaterThan(1);
    for (const one of loaded?.tests ?? []) {
      expect({ [one.name]: (await testDag(loaded!.dag, one)).failures }).toEqual({ [one.name]: [] });
    }
  });
});

async function load(file: string): Promise<Dag> {
  const { dag, diagnostics } = await loadDagFile(file);
  expect(diagnostics.map(formatDiagnostic)).toEqual([]);
  if (dag === undefined) throw new Error('No diagnostics and no dag.');
  return dag;
}

function changed(dag: Dag, name: string, change: (task: Task) => Task): Dag {
  return { ...dag, tasks: dag.tasks.map((task) => (task.name === name ? change(task) : task)) };
}

/** What was undone, with its attempts. */
function undoings({ tasks }: RunResult): Record<string, number> {
  return Object.fromEntries(
    Object.values(tasks).flatMap(({ compensates, attempts }) =>
      compensates === undefined ? [] : [[compensates, attempts]],
    ),
  );
}

function isGrey(picture: Buffer): boolean {
  const pixels = picture.subarray(13);
  return pixels.every((part, at) => part === pixels[at - (at % 3)]);
}
