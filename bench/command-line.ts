import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limit } from './compare.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** The time of whole processes, of the compiled command line. */
export async function measureCommandLine(rounds: number): Promise<void> {
  console.log('\nThe command line, from the start of its process to the end');
  const folder = await mkdtemp(join(tmpdir(), 'dagwright-bench-'));
  try {
    const file = join(folder, 'dag.yaml');
    await writeFile(file, dagFile(1_000));
    await limit('dagwright --help', 300, rounds, command('--help'));
    await limit('dagwright validate, 1,000 tasks', 1_000, rounds, command('validate', file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function command(...args: string[]): { name: string; run: () => Promise<void> } {
  return {
    name: args[0]!,
    run: async () => {
      const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`dagwright ${args.join(' ')} ended with ${status}: ${stderr}`);
    },
  };
}

/** A file as people write them: layers of 20, each task needs two of the layer before. */
function dagFile(size: number): string {
  const tasks = Array.from({ length: size }, (_, task) => {
    const needs =
      task < 20 ? '' : `    needs: [task-${task - 20}, task-${task - 20 - (task % 20) + ((task + 7) % 20)}]\n`;
    return `  task-${task}:\n${needs}    run: echo "$PART"\n    env: { PART: "${task}" }\n    timeout: { startToClose: 5m }\n`;
  });
  return `name: thousand\ntasks:\n${tasks.join('')}`;
}
