import { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  ensureSearchAttributes,
  hasSearchAttributes,
  rememberSearchAttributes,
} from '../src/client/search-attributes.js';
import { ensureNamespace } from '../src/dev/server-answers.js';
import { createLogger, type Logger } from '../src/observability/logger.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { DAG_KEY, FAILED_TASKS_KEY, STATE_KEY, TAGS_KEY } from '../src/workflows/search-attribute-keys.js';
import { TestTemporal } from './support/temporal.js';

const ALL = { DagwrightDag: 2, DagwrightState: 2, DagwrightFailedTasks: 3, DagwrightTags: 7 };

let temporal: TestTemporal;

beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(async () => {
  await temporal.stop();
});

/** A namespace that nobody has touched. */
async function newNamespace(name: string): Promise<string> {
  await ensureNamespace({ address: temporal.address }, name);
  return name;
}

async function attributesOf(namespace: string): Promise<Record<string, unknown>> {
  const { connection } = await temporal.temporalClient();
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return { ...customAttributes };
}

function startWorker(namespace: string, logger?: Logger): Promise<DagWorker> {
  const { address, config } = temporal;
  return DagWorker.start({ address, namespace, config, ...(logger === undefined ? {} : { logger }) });
}

function keepLines(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { lines, logger: createLogger({ level: 'warn', stream: { write: (line) => lines.push(line) } }) };
}

describe('search attributes', () => {
  it('are there, and can be used at once, when the first worker has started', async () => {
    const namespace = await newNamespace('fresh');
    const { connection } = await temporal.temporalClient();
    expect(await hasSearchAttributes(connection, namespace)).toBe(false);
    const { logger, lines } = keepLines();
    const worker = await startWorker(namespace, logger);
    try {
      expect(await attributesOf(namespace)).toEqual(ALL);
      expect(await hasSearchAttributes(connection, namespace)).toBe(true);
      await useThem(namespace);
      expect(lines).toEqual([]);
    } finally {
      await worker.shutdown();
    }
  });

  it('are found by a second worker, which adds nothing', async () => {
    const namespace = await newNamespace('second');
    const { connection } = await temporal.temporalClient();
    await (await startWorker(namespace)).shutdown();
    const added = vi.spyOn(connection.operatorService, 'addSearchAttributes');
    const { logger, lines } = keepLines();
    expect(await ensureSearchAttributes(connection, namespace, logger)).toBe(true);
    expect(added).not.toHaveBeenCalled();
    expect(lines).toEqual([]);
  });

  it('may be added by many workers at the same moment', async () => {
    const namespace = await newNamespace('many');
    const { connection } = await temporal.temporalClient();
    const { logger, lines } = keepLines();
    const all = await Promise.all(
      Array.from({ length: 8 }, () => ensureSearchAttributes(connection, namespace, logger)),
    );
    expect(all).toEqual(Array.from({ length: 8 }, () => true));
    expect(lines).toEqual([]);
    expect(await attributesOf(namespace)).toEqual(ALL);
  });

  it('are added where some are there, beside those of others', async () => {
    const namespace = await newNamespace('some');
    const { connection } = await temporal.temporalClient();
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { DagwrightTags: 7, Theirs: 2 },
    });
    expect(await ensureSearchAttributes(connection, namespace, keepLines().logger)).toBe(true);
    expect(await attributesOf(namespace)).toEqual({ ...ALL, Theirs: 2 });
  });

  it.each([
    ['one of them has another type', { DagwrightFailedTasks: 2 }, 'DagwrightFailedTasks is there with another type'],
    ['the server has no room for more of a type', { A: 7, B: 7, C: 7 }, 'the server refuses to add them'],
  ])('are done without where %s: a worker starts and warns', async (why, searchAttributes, reason) => {
    const namespace = await newNamespace(why.replaceAll(' ', '-'));
    const { connection } = await temporal.temporalClient();
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    const { logger, lines } = keepLines();
    const worker = await startWorker(namespace, logger);
    try {
      expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
        expect.objectContaining({ level: 'warn', namespace, msg: `Runs get no search attributes: ${reason}.` }),
      ]);
      expect(await hasSearchAttributes(connection, namespace)).toBe(false);
    } finally {
      await worker.shutdown();
    }
  });

  it('are asked for once by a client that found them', async () => {
    const namespace = await newNamespace('remembered');
    const { connection } = await temporal.temporalClient();
    await ensureSearchAttributes(connection, namespace, keepLines().logger);
    const asked = vi.spyOn(connection.operatorService, 'listSearchAttributes');
    const has = rememberSearchAttributes(connection, namespace);
    expect(await Promise.all([has(), has()])).toEqual([true, true]);
    expect(await has()).toBe(true);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

/** Starts a workflow that has them all, and asks for it by each. Fails where the server does not take one of them. */
async function useThem(namespace: string): Promise<void> {
  const { connection } = await temporal.temporalClient();
  const client = new Client({ connection, namespace });
  await client.workflow.start('nobodyRunsThis', {
    workflowId: 'w',
    taskQueue: 'nobody',
    typedSearchAttributes: new TypedSearchAttributes([
      { key: DAG_KEY, value: 'sums' },
      { key: STATE_KEY, value: 'running' },
      { key: FAILED_TASKS_KEY, value: 0 },
      { key: TAGS_KEY, value: ['nightly', 'team a'] },
    ]),
  });
  const query =
    "DagwrightDag = 'sums' AND DagwrightState = 'running' AND DagwrightFailedTasks < 1 AND DagwrightTags = 'team a'";
  await vi.waitFor(
    async () => {
      expect(await client.workflow.count(query)).toMatchObject({ count: 1 });
    },
    { timeout: 20_000, interval: 100 },
  );
}
