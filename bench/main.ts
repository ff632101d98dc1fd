/**
 * `npm run bench` prints how Dagwright compares; `npm run bench -- --quick` runs each part once, and small, to see that it
 * works. See docs/benchmarks.md.
 */
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { measureCommandLine } from './command-line.js';
import { measureOnTemporal } from './on-temporal.js';

const quick = process.argv.includes('--quick');
console.log(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`);
if (quick) console.log('A quick run: that everything works is all it says.');

await measureOnTemporal(
  quick ? { chain: 5, fan: 10, layers: [2, 5], rounds: 1 } : { chain: 40, fan: 300, layers: [10, 50], rounds: 9 },
);
await measureCommandLine(quick ? 1 : 9);

console.log('\nThe scheduler alone');
// A process of its own, so that the peak of memory is its own too.
const scheduler = fileURLToPath(new URL('scheduler.ts', import.meta.url));
const { status } = spawnSync(process.execPath, ['--import', 'tsx', scheduler, ...(quick ? ['20000'] : [])], {
  stdio: 'inherit',
});
if (status !== 0) throw new Error(`The benchmark of the scheduler ended with ${status}.`);
