// Bundles the compiled workflow code into dist/workflow-bundle.js, which the package ships.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { root } from './setup.mjs';

const warnings = [];
const quiet = () => {};
const warn = (message) => warnings.push(message);
const logger = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn, error: warn };
const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'dist/workflows/index.js'), logger });
if (warnings.length > 0) console.error(warnings.join('\n'));
writeFileSync(join(root, 'dist/workflow-bundle.js'), code);
