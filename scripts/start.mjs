// `npm start [-- file.yaml ...]` and `npm run dev`: sets up what is missing, then hands over to the CLI.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { ensureBuild, ensureDependencies, root } from './setup.mjs';

const [verb = 'run', ...args] = process.argv.slice(2);
ensureDependencies();
ensureBuild();

// npm runs scripts in the package's folder; paths are meant from where the user typed.
const typedByUser = ['start', 'dev'].includes(process.env.npm_lifecycle_event ?? '');
const cwd = (typedByUser && process.env.INIT_CWD) || process.cwd();
const example = relative(cwd, join(root, 'examples/flights/dag.yaml'));
const namesNoFile = args.length === 0 || args[0].startsWith('-');
if (verb === 'run' && namesNoFile && !args.includes('--help')) args.unshift(example);

const cli = spawn(process.execPath, [join(root, 'dist/cli/main.js'), verb, ...args], { cwd, stdio: 'inherit' });
// The terminal sends Ctrl-C to the CLI too; this process only waits for what the CLI makes of it.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => cli.kill(signal));
cli.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
});
