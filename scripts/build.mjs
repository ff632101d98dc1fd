// Compiles src to dist and bundles the workflow code, so that a worker need not. Does nothing where dist is fresh.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './setup.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp');
const stamp = hashOfSources();
if (stamp !== readIfThere(stampFile)) build();

function build() {
  console.error('Building');
  mkdirSync(dist, { recursive: true });
  rmSync(stampFile, { force: true });
  const keep = compile();
  keep.add(join(dist, 'workflow-bundle.js'));
  run('scripts/bundle-workflows.mjs');
  // After the new files are there, and not the whole folder before: a running worker may still load from it.
  for (const file of filesBelow(dist)) if (!keep.has(file)) rmSync(file);
  writeFileSync(stampFile, stamp);
}

/** Gives the files that the compiler wrote. */
function compile() {
  const said = run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--listEmittedFiles');
  const lines = said.split('\n').filter((line) => line.startsWith('TSFILE: '));
  return new Set(lines.map((line) => line.slice('TSFILE: '.length).trim()));
}

function run(script, ...args) {
  const { status, stdout } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status === 0) return stdout;
  const said = stdout.split('\n').filter((line) => !line.startsWith('TSFILE: '));
  console.error(said.join('\n').trim());
  process.exit(1);
}

function hashOfSources() {
  const hash = createHash('sha256');
  const sources = filesBelow(join(root, 'src')).filter((file) => !file.endsWith('.test.ts'));
  const others = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.mjs',
    'scripts/bundle-workflows.mjs',
  ];
  for (const file of [...sources, ...others.map((name) => join(root, name))]) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
