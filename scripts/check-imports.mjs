// Holds the layers of src together: which folder may import what. Part of `npm run lint`.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { root } from './setup.mjs';

const WORKFLOW_SDK = ['@temporalio/workflow', '@temporalio/common'];

/**
 * Per folder: other folders or modules it may import, those of which it may import types only, and the packages.
 * A folder that is not here may import anything.
 */
const LAYERS = {
  dag: { packages: [] },
  policy: { modules: ['dag'], packages: [] },
  placement: { modules: ['dag'], packages: [] },
  pool: { modules: ['dag'], packages: [] },
  estimate: { modules: ['dag'], packages: [] },
  simulator: { modules: ['dag', 'policy', 'placement', 'pool'], packages: [] },
  expression: { modules: ['dag'], packages: ['@marcbachmann/cel-js'] },
  'json-schema': { modules: ['dag'], packages: ['@cfworker/json-schema'] },
  run: { modules: ['dag', 'estimate', 'expression', 'json-schema'], packages: [] },
  spec: {
    modules: ['dag', 'expression', 'json-schema'],
    types: ['activities/handler'],
    packages: ['node:fs/promises', 'node:path', 'node:util', 'yaml', 'zod'],
  },
  workflows: {
    modules: ['dag', 'policy', 'placement', 'pool', 'estimate', 'run'],
    types: ['activities'],
    packages: WORKFLOW_SDK,
  },
  store: {
    modules: ['dag'],
    packages: [
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:os',
      'node:path',
      'node:stream',
      '@aws-sdk/client-s3',
    ],
  },
  activities: {
    modules: ['dag', 'expression', 'json-schema', 'spec/near-name', 'store'],
    types: ['spec/with', 'spec/function-definition'],
  },
  executor: { modules: ['dag', 'policy', 'placement', 'run', 'activities', 'simulator/optimized'], types: ['store'] },
  testing: {
    modules: ['dag', 'run', 'spec', 'executor', 'activities/handler'],
    types: ['activities'],
    packages: ['node:path', 'zod'],
  },
  client: {
    modules: [
      'dag',
      'run',
      'spec',
      'pool',
      'estimate',
      'simulator/optimized',
      'workflows/messages',
      'workflows/pool-messages',
      'workflows/group-messages',
      'workflows/stats-messages',
      'workflows/search-attribute-keys',
      'workflows/start-options',
      'config',
      'store',
    ],
    types: ['observability'],
  },
  worker: {
    modules: [
      'dag',
      'estimate',
      'activities',
      'config',
      'client',
      'observability',
      'store',
      'workflows/group-messages',
      'workflows/stats-messages',
    ],
  },
  dev: { modules: ['dag', 'config'] },
  observability: { modules: ['dag', 'activities/handler'], packages: ['pino'] },
  config: { modules: ['dag', 'observability/log-level', 'store/store-place'] },
};

/** In these, nothing may read a clock; the linter bans the rest (see .oxlintrc.json). */
const PURE = ['dag', 'policy', 'placement', 'pool', 'estimate', 'simulator', 'expression', 'json-schema', 'run'];

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

const src = join(root, 'src');
const problems = [];
for (const file of readdirSync(src, { recursive: true })) {
  if (file.endsWith('.ts') && !file.endsWith('.test.ts')) check(file);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function check(file) {
  const text = readFileSync(join(src, file), 'utf8');
  const folder = file.split(sep)[0].replace(/\.ts$/, '');
  const layer = LAYERS[folder];
  if (layer === undefined) return;
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[2] ?? match[3];
    if (!isAllowed(layer, folder, file, specifier, match[1] !== undefined)) {
      report(file, text, match.index, `src/${folder} may not import '${specifier}'`);
    }
  }
  if (!PURE.includes(folder)) return;
  for (const match of text.matchAll(/\bDate\(\)/g))
    report(file, text, match.index, `src/${folder} may not read a clock`);
}

function isAllowed(layer, folder, file, specifier, typeOnly) {
  if (!specifier.startsWith('.')) {
    return layer.packages === undefined || layer.packages.some((name) => specifier === name);
  }
  const target = normalize(join(dirname(file), specifier))
    .replaceAll(sep, '/')
    .replace(/\.js$/, '');
  const within = (name) => target === name || target.startsWith(`${name}/`);
  return within(folder) || (layer.modules ?? []).some(within) || (typeOnly && (layer.types ?? []).some(within));
}

function report(file, text, index, problem) {
  const start = text.slice(index).search(/\S/) + index;
  problems.push(`${relative(root, join(src, file))}:${text.slice(0, start).split('\n').length} ${problem}`);
}
