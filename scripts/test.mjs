// `npm test`: sets up what is missing, then runs every check and every test, and counts what really ran.
// `npm test -- --only unit,lint` runs some of the steps.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, root } from './setup.mjs';

const bin = (name) => join(root, 'node_modules/.bin', name);
const reports = mkdtempSync(join(tmpdir(), 'dagwright-reports-'));
const reportOf = (name) => join(reports, `${name}.json`);
const vitest = (name, project) => [
  'node_modules/vitest/vitest.mjs',
  'run',
  `--project=${project}`,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportOf(name)}`,
];
const steps = {
  build: [process.execPath, 'scripts/build.mjs'],
  format: [bin('prettier'), '--check', '--log-level=warn', '.'],
  lint: ['npm', 'run', '--silent', 'lint'],
  types: [bin('tsc'), '--noEmit'],
  unused: [bin('knip')],
  package: ['npm', 'run', '--silent', 'check:package'],
  unit: [process.execPath, ...vitest('unit', 'unit')],
  integration: [process.execPath, ...vitest('integration', 'integration')],
  bench: [process.execPath, '--import', 'tsx', 'bench/main.ts', '--quick'],
  // The newest Node beside the oldest: its npm package brings the program.
  node24: ['npx', '--yes', 'node@24', ...vitest('node24', 'unit')],
};

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const names = values.only?.split(',') ?? Object.keys(steps);
const unknown = names.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. There are: ${Object.keys(steps).join(', ')}.`);
  process.exit(2);
}

ensureDependencies();
let passed = 0;
let failed = 0;
const lines = [];
const failures = [];
for (const name of names) {
  if (name === 'integration') await ensureTemporalCli();
  runStep(name, steps[name]);
}
rmSync(reports, { recursive: true, force: true });
if (failures.length > 0) console.log(`\n${failures.join('\n')}`);
console.log(`\n${lines.join('\n')}\n\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function runStep(name, [program, ...args]) {
  console.log(`\n== ${name}`);
  const began = Date.now();
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(error.message);
  const tests = readReport(name);
  const ok = status === 0;
  // A check counts as one. Tests count one by one; a test file that could not be loaded fails without a test.
  passed += tests?.passed ?? (ok ? 1 : 0);
  failed += ok ? 0 : Math.max(tests?.failed ?? 1, 1);
  const what = tests === undefined ? '' : `, ${tests.passed} tests passed, ${tests.failed} failed`;
  failures.push(...(tests?.failures ?? []));
  lines.push(`${ok ? 'ok    ' : 'FAILED'} ${name} (${Math.round((Date.now() - began) / 1000)} s${what})`);
}

function readReport(name) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(reportOf(name), 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests, failures: testResults.flatMap(failuresOf) };
  } catch {
    return undefined;
  }
}

/** What failed, again at the end, where one looks first. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name);
  const failures = assertionResults.filter((test) => test.status === 'failed');
  if (failures.length === 0 && status === 'failed') return [`FAILED ${file}\n${message}`];
  return failures.map((test) => `FAILED ${file}: ${test.fullName}\n${test.failureMessages.join('\n')}`);
}

async function ensureTemporalCli() {
  try {
    const { loadConfig } = await import('../dist/config.js');
    const { findTemporalCli } = await import('../dist/dev/temporal-cli.js');
    await findTemporalCli(loadConfig(), { onProgress: (line) => console.log(line) });
  } catch (error) {
    // The tests that need it will say so again, each in its place.
    console.error([error.message, error.hint].filter(Boolean).join('\n'));
  }
}
