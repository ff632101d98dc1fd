import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import {
  DefaultLogger,
  Runtime,
  Worker,
  bundleWorkflowCode,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataConverter } from '../src/client/data-converter.js';

const FOLDER = fileURLToPath(new URL('histories/', import.meta.url));
const histories = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const pathOf = (file: string): string => fileURLToPath(new URL(`../src/${file}`, import.meta.url));
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: pathOf('workflows/index.ts'),
    preloadModules: [pathOf('run/live-run.ts')],
  });
});

interface History {
  readonly events: { eventType: string; workflowExecutionStartedEventAttributes?: { workflowId: string } }[];
}

function read(file: string): History {
  return JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')) as History;
}

/** Its children are named after the run, so it must replay under its own id. */
function workflowIdOf(history: History): string {
  return history.events[0]!.workflowExecutionStartedEventAttributes!.workflowId;
}

// The histories are of real runs, never recorded again: code that cannot replay them would break runs that live.
describe('recorded histories', () => {
  it('are there', () => {
    expect(histories.length).toBeGreaterThan(0);
  });

  it.each(histories)('replay: %s', async (file) => {
    const history = read(file);
    await Worker.runReplayHistory({ workflowBundle, dataConverter }, history, workflowIdOf(history));
    expect(history.events.length).toBeGreaterThan(2);
  });

  it('do not replay where the code would do something else', async () => {
    const history = read('diamond.json');
    const scheduled = history.events.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
    const text = JSON.stringify(history.events[scheduled]).replace('"name":"function"', '"name":"another"');
    history.events[scheduled] = JSON.parse(text) as History['events'][number];
    await expect(Worker.runReplayHistory({ workflowBundle, dataConverter }, history)).rejects.toThrow(
      DeterminismViolationError,
    );
  });
});
