import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DagClient } from '../src/client/dag-client.js';
import { loadConfig, type Config } from '../src/config.js';
import { startDevServer } from '../src/dev/dev-server.js';
import { isProcessAlive } from '../src/dev/lock-file.js';
import { serverAnswers } from '../src/dev/server-answers.js';
import { readServer } from '../src/dev/server-file.js';
import { findOrStartServer, findServer } from '../src/dev/stack.js';
import { findTemporalCli } from '../src/dev/temporal-cli.js';

// Apart from the default, so that a server of the machine's user changes nothing.
const PORT = 17_533;
const UI_PORT = 18_533;

let cli: string;
let folder: string;
let cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  cli = await findTemporalCli(loadConfig());
}, 900_000);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagwright-test-'));
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
  await rm(folder, { recursive: true, force: true });
});

function configFor(more: NodeJS.ProcessEnv = {}): Config {
  return loadConfig({ HOME: folder, DAGWRIGHT_STATE: join(folder, 'state'), DAGWRIGHT_TEMPORAL_CLI: cli, ...more });
}

async function occupy(port: number): Promise<NetServer> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return server;
}

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const workflow = { taskQueue: 'nobody', workflowId: 'kept' };

describe('serverAnswers', () => {
  it('is false for what is no address', async () => {
    expect(await serverAnswers({ address: 'http://127.0.0.1:1' }, { timeout: 5_000 })).toBe(false);
  });
});

describe('RunHandle', () => {
  it('tells a run that is not there from a server that is gone', async () => {
    const server = await startDevServer({ cli, port: PORT, uiPort: 'none' });
    cleanups.push(() => server.kill());
    const client = await DagClient.connect({ address: server.address });
    cleanups.push(() => client.close());
    const asked = ['', 'nobody', 'x'.repeat(2_000)].flatMap((id) => {
      const run = client.get(id);
      return [run.result(), run.describe(), run.pause(), run.cancel()];
    });
    await Promise.all(
      asked.map((answer) => expect<Promise<unknown>>(answer).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })),
    );
    server.kill();
    await server.exited;
    await expect(client.get('kept').describe()).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  });
});

describe('startDevServer', () => {
  it('takes other ports where the ones wanted are in use', async () => {
    await occupy(PORT);
    await occupy(UI_PORT);
    const server = await startDevServer({ cli, port: PORT, uiPort: UI_PORT });
    cleanups.push(() => server.stop());
    expect(server.address).not.toBe(`127.0.0.1:${PORT}`);
    expect(server.uiUrl).not.toBe(`http://127.0.0.1:${UI_PORT}`);
    expect(await serverAnswers({ address: server.address }, { timeout: 5_000, namespace: 'default' })).toBe(true);
    expect((await fetch(server.uiUrl ?? '')).status).toBe(200);
  });

  it('tries again where a port is taken between the look and the start', async () => {
    // The first start asks for a metrics port that is taken; the retry finds it free.
    const thief = await occupy(PORT);
    const starts: number[] = [];
    const server = await startDevServer({
      cli,
      uiPort: 'none',
      extraArgs: ['--metrics-port', String(PORT)],
      onSpawn: ({ pid }) => {
        starts.push(pid);
        if (starts.length === 2) thief.close();
      },
    });
    cleanups.push(() => server.stop());
    expect(starts.length).toBeGreaterThan(1);
  });

  it('says why it did not start, with the last lines of the log', async () => {
    const failure = startDevServer({ cli, port: PORT, uiPort: 'none', extraArgs: ['--no-such-flag'] });
    await expect(failure).rejects.toMatchObject({
      code: 'SERVER_START_FAILED',
      message: expect.stringContaining('unknown flag: --no-such-flag') as string,
    });
  });

  it('refuses a program that is not there', async () => {
    const failure = startDevServer({ cli: join(folder, 'none'), port: PORT, uiPort: 'none' });
    await expect(failure).rejects.toMatchObject({ code: 'SERVER_START_FAILED' });
  });

  it.each(['stop', 'kill'] as const)('keeps a workflow in its file over %s and start', async (end) => {
    const options = { cli, port: PORT, uiPort: 'none', dbFile: join(folder, 'temporal.db') } as const;
    const first = await startDevServer(options);
    cleanups.push(() => first.stop());
    await withClient(first.address, (client) => client.workflow.start('anything', workflow));
    if (end === 'stop') await first.stop();
    else first.kill();
    await first.exited;

    const second = await startDevServer(options);
    cleanups.push(() => second.stop());
    const described = await withClient(second.address, (c) => c.workflow.getHandle(workflow.workflowId).describe());
    expect(described.status.name).toBe('RUNNING');
  });
});

describe('findOrStartServer', () => {
  const options = { port: PORT, uiPort: UI_PORT };

  it('shares one server, and ends it when the last one lets it go', async () => {
    const config = configFor();
    const servers = await Promise.all([findOrStartServer(config, options), findOrStartServer(config, options)]);
    cleanups.push(() => Promise.all(servers.map((s) => s.stop())));
    expect(servers.map((s) => s.startedHere).sort()).toEqual([false, true]);
    expect(new Set(servers.map((s) => s.address)).size).toBe(1);
    const pid = readServer(config.stateFolder)?.pid ?? 0;

    const starter = servers.find((s) => s.startedHere);
    const other = servers.find((s) => !s.startedHere);
    await starter?.stop();
    expect(isProcessAlive(pid)).toBe(true);
    await other?.stop();
    expect(isProcessAlive(pid)).toBe(false);
    expect(readServer(config.stateFolder)).toBeUndefined();
  });

  it('finds the server again that a killed process left behind, and adds a namespace to it', async () => {
    const config = configFor();
    const child = await startStack(config);
    const known = readServer(config.stateFolder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isProcessAlive(known?.pid ?? 0)).toBe(true);

    const server = await findOrStartServer(configFor({ TEMPORAL_NAMESPACE: 'other' }), options);
    cleanups.push(() => server.stop());
    expect(server).toMatchObject({
      address: known?.address,
      uiUrl: known?.uiUrl,
      namespace: 'other',
      startedHere: false,
    });
    const client = await DagClient.connect({ address: server.address, namespace: 'other' });
    expect(await client.list()).toEqual([]);
    await client.close();
    await server.stop();
    expect(isProcessAlive(known?.pid ?? 0)).toBe(false);
  });

  it('ends the server when its process ends without stopping it', async () => {
    const config = configFor();
    const child = await startStack(config);
    const pid = readServer(config.stateFolder)?.pid ?? 0;
    child.stdin?.end();
    await once(child, 'exit');
    await expect.poll(() => isProcessAlive(pid), { timeout: 20_000 }).toBe(false);
  });

  it('starts a new server on the state of one that was killed', async () => {
    const config = configFor();
    const first = await findOrStartServer(config, options);
    cleanups.push(() => first.stop());
    await withClient(first.address, (client) => client.workflow.start('anything', workflow));
    const pid = readServer(config.stateFolder)?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isProcessAlive(pid), { timeout: 20_000 }).toBe(false);

    const second = await findOrStartServer(config, options);
    cleanups.push(() => second.stop());
    expect(second.startedHere).toBe(true);
    const described = await withClient(second.address, (c) => c.workflow.getHandle(workflow.workflowId).describe());
    expect(described.status.name).toBe('RUNNING');
  });

  it('ignores a server.json whose pid belongs to something else', async () => {
    const config = configFor();
    const first = await findOrStartServer(config, options);
    await first.stop();
    const stale = { address: `127.0.0.1:${PORT}`, pid: process.pid, dbFile: join(config.stateFolder, 'temporal.db') };
    await writeFile(join(config.stateFolder, 'server.json'), JSON.stringify(stale));
    const second = await findOrStartServer(config, options);
    cleanups.push(() => second.stop());
    expect(second.startedHere).toBe(true);
  });

  it('uses a server that somebody else runs at the usual port, and leaves it running', async () => {
    const foreign = await startDevServer({ cli, port: PORT, uiPort: UI_PORT });
    cleanups.push(() => foreign.stop());
    const server = await findOrStartServer(configFor(), options);
    expect(server).toMatchObject({ address: foreign.address, uiUrl: foreign.uiUrl, startedHere: false });
    await server.stop();
    expect(isProcessAlive(foreign.pid)).toBe(true);
  });

  it('uses the address that is set, and says so where nothing answers there', async () => {
    const foreign = await startDevServer({ cli, port: PORT, uiPort: 'none' });
    cleanups.push(() => foreign.stop());
    const config = configFor({ TEMPORAL_ADDRESS: foreign.address });
    expect(await findOrStartServer(config)).toMatchObject({ address: foreign.address, startedHere: false });
    await foreign.stop();
    await expect(findOrStartServer(config)).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  });

  it('finds what runs without starting anything', async () => {
    const config = configFor();
    expect(await findServer(config, options)).toBeUndefined();
    const server = await findOrStartServer(config, options);
    cleanups.push(() => server.stop());
    const found = await findServer(config, options);
    expect(found).toMatchObject({ address: server.address, uiUrl: server.uiUrl, startedHere: false });
    await found?.stop();
    expect(await findServer(config, options)).toMatchObject({ address: server.address });
  });

  it('writes the log of the server into the state folder', async () => {
    const config = configFor();
    const server = await findOrStartServer(config, options);
    cleanups.push(() => server.stop());
    // It begins to serve a moment before it says where.
    const log = () => readFile(join(config.stateFolder, 'server.log'), 'utf8');
    await expect.poll(log, { timeout: 20_000 }).toContain(server.address.split(':')[1]);
  });
});

describe('findTemporalCli', () => {
  it('refuses a configured CLI that is not there', async () => {
    const config = configFor({ DAGWRIGHT_TEMPORAL_CLI: join(folder, 'none') });
    await expect(findTemporalCli(config)).rejects.toMatchObject({ code: 'TEMPORAL_CLI_MISSING' });
  });

  it('takes the CLI of PATH, but no other program of that name', async () => {
    const other = join(folder, 'other');
    const real = join(folder, 'real');
    await spawnAndWait('sh', [
      '-c',
      `mkdir -p ${other} ${real} && ln -s ${cli} ${real}/temporal && ln -s /bin/true ${other}/temporal`,
    ]);
    const environment = { HOME: folder, XDG_CACHE_HOME: folder };
    expect(await findTemporalCli(loadConfig({ ...environment, PATH: real }))).toBe(join(real, 'temporal'));
    await spawnAndWait('sh', [
      '-c',
      `mkdir -p ${folder}/dagwright/temporal-cli-1.5.1 && ln -s ${cli} ${folder}/dagwright/temporal-cli-1.5.1/temporal`,
    ]);
    expect(await findTemporalCli(loadConfig({ ...environment, PATH: other }))).toBe(
      join(folder, 'dagwright/temporal-cli-1.5.1/temporal'),
    );
  });
});

/** A process that starts the stack and lives until its stdin ends. */
async function startStack(config: Config): Promise<ChildProcess> {
  const code = `
    import { loadConfig } from ${JSON.stringify(join(import.meta.dirname, '../src/config.ts'))};
    import { findOrStartServer } from ${JSON.stringify(join(import.meta.dirname, '../src/dev/stack.ts'))};
    await findOrStartServer(loadConfig(), ${JSON.stringify({ port: PORT, uiPort: UI_PORT })});
    process.stdout.write('ready');
    process.stdin.once('end', () => process.exit(0)).resume();`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    env: { ...config.environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  cleanups.push(() => {
    const left = readServer(config.stateFolder);
    if (left !== undefined && isProcessAlive(left.pid)) process.kill(left.pid, 'SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}

async function spawnAndWait(program: string, args: string[]): Promise<void> {
  await once(spawn(program, args, { stdio: 'inherit' }), 'exit');
}
