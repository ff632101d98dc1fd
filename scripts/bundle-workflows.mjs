// Bundles the compiled workflow code into dist/workflow-bundle.js, which the package ships.
import { writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { root } from './setup.mjs';

const MAP = 'sourceMappingURL=data:application/json;charset=utf-8;base64,';

const warnings = [];
const quiet = () => {};
const warn = (message) => warnings.push(message);
const logger = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn, error: warn };
const { code } = await bundleWorkflowCode({
  workflowsPath: join(root, 'dist/workflows/index.js'),
  // Pure code, which keeps nothing between calls: loaded once for all runs of a worker, and not by each.
  preloadModules: [join(root, 'dist/run/live-run.js')],
  logger,
});
if (warnings.length > 0) console.error(warnings.join('\n'));
writeFileSync(join(root, 'dist/workflow-bundle.js'), withoutThisMachine(code));

/** The same with the paths of the source map seen from the package, and without the sources themselves. */
function withoutThisMachine(bundle) {
  const start = bundle.lastIndexOf(MAP) + MAP.length;
  if (start < MAP.length) throw new Error('the bundle has no source map where it is expected');
  const map = JSON.parse(Buffer.from(bundle.slice(start), 'base64').toString());
  map.sources = map.sources.map((source) => source.replace(root + sep, ''));
  delete map.sourcesContent;
  return bundle.slice(0, start) + Buffer.from(JSON.stringify(map)).toString('base64');
}
