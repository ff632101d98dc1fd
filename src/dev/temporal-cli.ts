import { execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Config } from '../config.js';
import { DagwrightError } from '../dag/errors.js';
import { withLockFile } from './lock-file.js';

/** The newest version that `go install` can build: later ones hold a `replace`. It brings server 1.29.1. */
export const TEMPORAL_CLI_VERSION = '1.5.1';

/** A host that cannot be reached must not hold up the next way to get the CLI. */
const DOWNLOAD_FIRST_BYTE_MS = 20_000;
const DOWNLOAD_TOTAL_MS = 300_000;

const run = promisify(execFile);

/** How {@link findTemporalCli} reports. */
export interface FindTemporalCliOptions {
  /** Called with a line for people, where something takes long. Default: silence. */
  readonly onProgress?: (line: string) => void;
}

/**
 * The path of a Temporal CLI: the configured one, that of PATH, the cached one; else it is downloaded, else built with
 * Go, into the cache, which takes minutes but happens once.
 * @throws DagwrightError TEMPORAL_CLI_MISSING where no way works, or where the configured file is not there.
 */
export async function findTemporalCli(config: Config, options: FindTemporalCliOptions = {}): Promise<string> {
  const onProgress = options.onProgress ?? (() => {});
  if (config.temporalCli !== undefined) {
    if (await isExecutable(config.temporalCli)) return config.temporalCli;
    throw new DagwrightError(
      'TEMPORAL_CLI_MISSING',
      `The configured Temporal CLI ${config.temporalCli} is no program.`,
      {
        hint: 'Correct DAGWRIGHT_TEMPORAL_CLI or TEMPORAL_CLI_PATH, or unset it.',
      },
    );
  }
  const onPath = await findOnPath('temporal', config.environment);
  if (onPath !== undefined && (await isTemporalCli(onPath))) return onPath;

  const folder = join(config.cacheFolder, `temporal-cli-${TEMPORAL_CLI_VERSION}`);
  const cached = join(folder, 'temporal');
  if (await isExecutable(cached)) return cached;
  return withLockFile(
    `${folder}.lock`,
    async () => {
      if (await isExecutable(cached)) return cached;
      await install(folder, config, onProgress);
      return cached;
    },
    (pid) => onProgress(`Waiting for process ${pid}, which is installing the Temporal CLI`),
  );
}

async function install(folder: string, config: Config, onProgress: (line: string) => void): Promise<void> {
  const failures: unknown[] = [];
  for (const way of [download, build]) {
    const draft = `${folder}.${process.pid}.draft`;
    try {
      await mkdir(draft, { recursive: true });
      await way(draft, config, onProgress);
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder);
      onProgress('Temporal CLI ready');
      return;
    } catch (error) {
      failures.push(error);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  const reasons = failures.map((f) => (f instanceof Error ? f.message : String(f)));
  throw new DagwrightError(
    'TEMPORAL_CLI_MISSING',
    `No Temporal CLI here, and none could be installed: ${reasons.join('; ')}`,
    {
      hint: 'Install the Temporal CLI (https://docs.temporal.io/cli) or Go, or set DAGWRIGHT_TEMPORAL_CLI to its path.',
      cause: new AggregateError(failures),
    },
  );
}

async function download(folder: string, _config: Config, onProgress: (line: string) => void): Promise<void> {
  const platform = process.platform;
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (arch === undefined || (platform !== 'linux' && platform !== 'darwin')) {
    throw new Error(`no download for ${platform} on ${process.arch}`);
  }
  onProgress(`Downloading the Temporal CLI ${TEMPORAL_CLI_VERSION}`);
  const url = `https://temporal.download/cli/archive/v${TEMPORAL_CLI_VERSION}?platform=${platform}&arch=${arch}`;
  const noAnswer = new AbortController();
  const timer = setTimeout(() => noAnswer.abort(new Error('the download did not answer')), DOWNLOAD_FIRST_BYTE_MS);
  try {
    const signal = AbortSignal.any([noAnswer.signal, AbortSignal.timeout(DOWNLOAD_TOTAL_MS)]);
    const answer = await fetch(url, { signal }).catch((cause: unknown) => {
      throw new Error('the download did not answer', { cause });
    });
    clearTimeout(timer);
    if (!answer.ok || answer.body === null) throw new Error(`the download answered ${answer.status}`);
    const archive = join(folder, 'archive.tar.gz');
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(archive), { signal });
    await run('tar', ['-xzf', archive, '-C', folder, 'temporal']);
    await rm(archive);
  } finally {
    clearTimeout(timer);
  }
}

async function build(folder: string, config: Config, onProgress: (line: string) => void): Promise<void> {
  const go = await findOnPath('go', config.environment);
  if (go === undefined) throw new Error('Go is not installed, so it could not be built');
  const began = Date.now();
  const elapsed = () => `${Math.round((Date.now() - began) / 1000)} s`;
  onProgress(`Building the Temporal CLI ${TEMPORAL_CLI_VERSION} with Go (once; takes a few minutes)`);
  const ticker = setInterval(() => onProgress(`Building the Temporal CLI: ${elapsed()}`), 15_000);
  try {
    await goInstall(go, folder, config);
  } finally {
    clearInterval(ticker);
  }
  onProgress(`Built the Temporal CLI in ${elapsed()}`);
}

function goInstall(go: string, folder: string, config: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(go, ['install', `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`], {
      cwd: dirname(folder),
      env: { ...config.environment, GOBIN: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-2_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`\`go install\` failed: ${said.trim().split('\n').at(-1) ?? code}`));
    });
  });
}

async function findOnPath(name: string, environment: Config['environment']): Promise<string | undefined> {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isTemporalCli(path: string): Promise<boolean> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    return stdout.startsWith('temporal version');
  } catch {
    return false;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
