import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Before all test files: bundles the workflow code for them, as a worker does that runs from the sources. */
export async function setup(): Promise<() => Promise<void>> {
  const pathOf = (file: string): string => fileURLToPath(new URL(`../../src/${file}`, import.meta.url));
  const { code } = await bundleWorkflowCode({
    workflowsPath: pathOf('workflows/index.ts'),
    preloadModules: [pathOf('run/live-run.ts')],
    logger: new DefaultLogger('WARN'),
  });
  const folder = await mkdtemp(join(tmpdir(), 'dagwright-bundle-'));
  const path = join(folder, 'workflow-bundle.js');
  await writeFile(path, code);
  process.env['TEST_WORKFLOW_BUNDLE'] = path;
  return () => rm(folder, { recursive: true, force: true });
}
