import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../src/config.js';
import type { Dag } from '../src/dag/dag.js';
import { startDevServer } from '../src/dev/dev-server.js';
import { findTemporalCli } from '../src/dev/temporal-cli.js';
import { requireDag } from '../src/spec/dag-invalid.js';
import { checkDag } from '../src/spec/parse.js';
import { DagWorker } from '../src/worker/dag-worker.js';
import { compare } from './compare.js';
import { HandWritten } from './hand-written.js';
import { chainDag, denseLayersDag, fanDag, layersDag } from './shapes.js';

/** How large and how often. */
export interface Sizes {
  readonly chain: number;
  readonly fan: number;
  readonly layers: readonly [count: number, width: number];
  readonly rounds: number;
}

/** Against hand-written workflows on the same server, and our dev server against a default one. */
export async function measureOnTemporal(sizes: Sizes): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dagwright-bench-'));
  try {
    const tuned = await Stand.start(folder, false);
    const byHand = await HandWritten.start(tuned.address);
    await againstHandWritten(sizes, tuned, byHand);
    await byHand.stop();
    const plain = await Stand.start(folder, true);
    await againstDefaultServer(sizes, tuned, plain);
    await plain.stop();
    await tuned.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function againstHandWritten(sizes: Sizes, tuned: Stand, byHand: HandWritten): Promise<void> {
  const { chain, fan, layers, rounds } = sizes;
  const [count, width] = layers;
  console.log('\nDagwright against a hand-written workflow, on one server, its state in a file');
  await compare({
    name: `chain of ${chain}`,
    target: 1.05,
    rounds,
    ours: tuned.runs(chainDag(chain)),
    other: { name: 'by hand', run: () => byHand.run('chain', chain) },
  });
  await compare({
    name: `fan of ${fan}`,
    target: 1.05,
    rounds,
    ours: tuned.runs(fanDag(fan)),
    other: { name: 'by hand', run: () => byHand.run('fan', fan) },
  });
  await compare({
    name: `layers ${count}x${width}, each task needs one of the layer before`,
    target: 1.05,
    rounds,
    ours: tuned.runs(layersDag(count, width)),
    other: { name: 'by hand', run: () => byHand.run('layers', count, width) },
  });
  await compare({
    name: `layers ${count}x${width}, each task needs all of the layer before`,
    target: 1.05,
    rounds,
    ours: tuned.runs(denseLayersDag(count, width)),
    other: { name: 'by hand', run: () => byHand.run('layers', count, width) },
  });
  const one = tuned.runs(chainDag(1));
  await compare({
    name: 'one task against an empty workflow, started as most programs do',
    target: 1.5,
    rounds: rounds * 3,
    ours: one,
    other: { name: 'by hand', run: () => byHand.runFromOutside('empty') },
  });
  await compare({
    name: 'one task against an empty workflow, started as DagWorker does',
    target: 1.5,
    rounds: rounds * 3,
    ours: one,
    other: { name: 'by hand', run: () => byHand.run('empty') },
  });
  await compare({
    name: 'one task against a workflow of one activity, started as DagWorker does',
    rounds: rounds * 3,
    ours: one,
    other: { name: 'by hand', run: () => byHand.run('chain', 1) },
  });
}

async function againstDefaultServer({ chain, fan, rounds }: Sizes, tuned: Stand, plain: Stand): Promise<void> {
  console.log("\nDagwright's dev server against a default one, each with its state in a file");
  for (const [name, dag, target] of [
    [`chain of ${chain}`, chainDag(chain), 0.25],
    [`fan of ${fan}`, fanDag(fan), 0.6],
  ] as const) {
    await compare({
      name,
      target,
      rounds: Math.ceil(rounds / 2),
      ours: { ...tuned.runs(dag), name: 'ours' },
      other: { ...plain.runs(dag), name: 'default' },
    });
  }
}

/** A dev server on a file, and a worker on it in this process. */
class Stand {
  readonly address: string;
  readonly stop: () => Promise<void>;
  readonly #worker: DagWorker;

  private constructor(address: string, worker: DagWorker, stop: () => Promise<void>) {
    this.address = address;
    this.#worker = worker;
    this.stop = stop;
  }

  static async start(folder: string, plain: boolean): Promise<Stand> {
    const name = plain ? 'default' : 'tuned';
    const config = loadConfig({ ...process.env, DAGWRIGHT_STATE: join(folder, name) });
    const server = await startDevServer({
      cli: await findTemporalCli(config),
      dbFile: join(folder, `${name}.db`),
      port: plain ? 17_334 : 17_333,
      uiPort: 'none',
      plain,
    });
    const worker = await DagWorker.start({
      address: server.address,
      functions: [{ name: 'noop', run: () => undefined }],
      config,
    });
    return new Stand(server.address, worker, async () => {
      await worker.shutdown();
      await server.stop();
    });
  }

  /** Runs the dag once and checks that it succeeded. */
  runs(shape: Dag): { name: string; run: () => Promise<void> } {
    // As a dag from a file or from the builder is: checked once, however often it runs.
    const dag = requireDag(checkDag(shape));
    return {
      name: 'Dagwright',
      run: async () => {
        const run = await this.#worker.client.start(dag);
        const { status } = await run.result();
        if (status !== 'succeeded') throw new Error(`The run ${run.runId} of ${dag.name} is ${status}.`);
      },
    };
  }
}
