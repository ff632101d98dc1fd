import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';

/** Two ways to do one thing, measured in turn: whatever else the machine does then meets both. */
export interface Comparison {
  readonly name: string;
  /** The ratio of the medians that is to be reached, or better. Without one, the ratio is only told. */
  readonly target?: number;
  readonly rounds: number;
  readonly ours: Measured;
  readonly other: Measured;
}

interface Measured {
  readonly name: string;
  /** Does it once. */
  readonly run: () => Promise<unknown>;
}

/** Milliseconds of wall clock and of this process's CPU that each run took. */
interface Samples {
  readonly wall: number[];
  readonly cpu: number[];
}

/** Runs both, A B A B ..., after one round that is not counted, and prints how they compare. */
export async function compare({ name, target, rounds, ours, other }: Comparison): Promise<void> {
  const samples = { ours: emptySamples(), other: emptySamples() };
  const warmUps = rounds > 1 ? 1 : 0;
  for (let round = -warmUps; round < rounds; round++) {
    await sample(ours, round < 0 ? emptySamples() : samples.ours);
    await sample(other, round < 0 ? emptySamples() : samples.other);
  }
  const ratio = median(samples.ours.wall) / median(samples.other.wall);
  const pairs = samples.ours.wall.map((wall, round) => wall / samples.other.wall[round]!);
  const cpu = median(samples.ours.cpu) / median(samples.other.cpu);
  console.log(`${name}: ratio ${ratio.toFixed(2)}${against(ratio, rounds > 1 ? target : undefined)}`);
  console.log(`  ${ours.name} ${times(samples.ours.wall)}`);
  console.log(`  ${other.name} ${times(samples.other.wall)}`);
  console.log(`  ratio per round ${range(pairs, 2)}; this process's CPU, ratio ${cpu.toFixed(2)}; ${load()}`);
}

/** Prints the median of several runs against a limit in milliseconds. */
export async function limit(name: string, target: number, rounds: number, { run }: Measured): Promise<void> {
  const { wall, cpu } = emptySamples();
  for (let round = 0; round < rounds; round++) await sample({ name, run }, { wall, cpu });
  console.log(`${name}: ${times(wall)}${against(median(wall), rounds > 1 ? target : undefined)}; ${load()}`);
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

function emptySamples(): Samples {
  return { wall: [], cpu: [] };
}

async function sample({ run }: Measured, { wall, cpu }: Samples): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await run();
  wall.push(performance.now() - start);
  const { user, system } = process.cpuUsage(cpuBefore);
  cpu.push((user + system) / 1_000);
}

function against(value: number, target: number | undefined): string {
  return target === undefined ? '' : `, target ${target}: ${value <= target ? 'met' : 'MISSED'}`;
}

function times(wall: readonly number[]): string {
  const digits = median(wall) < 100 ? 1 : 0;
  return `${median(wall).toFixed(digits)} ms (${range(wall, digits)}, ${wall.length} runs)`;
}

function range(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}

function load(): string {
  return `load ${loadavg()[0]!.toFixed(1)}`;
}
