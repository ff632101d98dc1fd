// What a fresh clone needs before anything runs: dependencies and a build. Both do nothing where they are up to date.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs `npm ci` where node_modules is missing or is not what the lock file says. */
export function ensureDependencies() {
  if (isInstalled()) return;
  console.error('Installing dependencies');
  const npm = process.env.npm_execpath;
  const [program, before] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  run(program, [...before, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Builds where dist is missing or older than its sources. */
export function ensureBuild() {
  run(process.execPath, [join(root, 'scripts/build.mjs')]);
}

/** Whether every package of the lock file is there in its version; npm keeps the list of what it installed. */
function isInstalled() {
  try {
    const wanted = readPackages('package-lock.json');
    const installed = readPackages('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, { version, optional }]) =>
        path === '' || (optional && installed[path] === undefined) || installed[path]?.version === version,
    );
  } catch {
    return false;
  }
}

function readPackages(file) {
  return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
