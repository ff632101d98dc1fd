import { Worker, type WorkerOptions } from '@temporalio/worker';

/** Where the bundle is that all test files share (bundle-workflows.ts); processes that tests start inherit it. */
const codePath = process.env['TEST_WORKFLOW_BUNDLE'];

// Workers run from the sources here, and would each bundle the workflow code anew, which takes seconds.
if (codePath !== undefined) {
  const create = Worker.create.bind(Worker);
  Worker.create = (options: WorkerOptions) => {
    // Some have no runs to decide, and some have workflows of a test.
    if (options.workflowsPath?.endsWith('/src/workflows/index.ts') !== true) return create(options);
    const given = { ...options, workflowBundle: { codePath } };
    delete given.workflowsPath;
    delete given.bundlerOptions;
    return create(given);
  };
}
