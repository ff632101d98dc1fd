import { InvalidArgumentError, Option, type Command } from 'commander';
import type { GraphOptions } from '../commands/graph.js';
import type { SimulateOptions } from '../commands/simulate.js';
import type { TestOptions } from '../commands/test.js';
import type { ValidateOptions } from '../commands/validate.js';
import { isPlacementName, PLACEMENT_NAMES, type PlacementName } from '../../dag/placement.js';
import { POLICY_NAMES, readPolicy } from '../../dag/policy.js';
import { BETWEEN_RUNS } from '../../simulator/between-runs.js';
import { PLAN_FORMATS } from '../../simulator/formats/plan-format.js';
import { groupOption } from './group-option.js';
import { addressOption, namespaceOption, positiveInteger, type Done } from './options.js';

/** The commands that look at dag files, and need no server. */
export function addFileCommands(program: Command, done: Done): void {
  program
    .command('validate')
    .description('check dag files: every problem, with its place and its fix')
    .argument('<file...>', 'dag files')
    .option('--json', 'print { "diagnostics": [...] }')
    .action(async (files: string[], options: ValidateOptions) => {
      const { validate } = await import('../commands/validate.js');
      done(await validate(files, options));
    });

  program
    .command('test')
    .description('run dags with doubles for their tasks, in no time, and check what is expected')
    .argument('[file...]', 'files of tests (default: every *.test.yaml, *.test.yml and *.test.json here)')
    .option('--json', 'print { passed, failed, seconds, files }')
    .action(async (files: string[], options: TestOptions) => {
      const { test } = await import('../commands/test.js');
      done(await test(files, options));
    });

  program
    .command('schema')
    .description('print the JSON Schema of dag files, for editors')
    .action(async () => {
      const { schema } = await import('../commands/schema.js');
      done(schema());
    });

  program
    .command('graph')
    .description('draw the tasks of a dag and what they need')
    .argument('<file>', 'dag file')
    .addOption(new Option('-f, --format <format>', 'how').choices(['terminal', 'mermaid', 'dot']).default('terminal'))
    .action(async (file: string, options: GraphOptions) => {
      const { graph } = await import('../commands/graph.js');
      done(await graph(file, options));
    });

  program
    .command('simulate')
    .description('tell what each policy would do to a dag, before anything runs')
    .argument('[file...]', 'dag files, or graphs and traces of public sets')
    .option(
      '--policy <names>',
      `policies to compare: ${POLICY_NAMES.join(', ')}; priority+sjf combines two; optimized searches the best order (default: all but that)`,
      policies,
    )
    .option(
      '--placement <names>',
      `placements to compare: ${PLACEMENT_NAMES.join(', ')} (default: the slots are of one group of workers)`,
      placements,
    )
    .option(
      '--workers <number>',
      'slots, shared by all files; with --placement each is a group (default: what the dags say)',
      positiveInteger,
    )
    .option(
      '--group <group>',
      'a worker group: gpu:slots=8,speed=2,label=gpu; the other words are cpu=16, memory=64Gi, cost=3 and standby (repeatable; default: see --workers)',
      groupOption,
    )
    .addOption(
      new Option('--format <format>', 'what the files are (default: by name and content)').choices(PLAN_FORMATS),
    )
    .option('--from-run <run>', 'take the durations of a run that has ended')
    .addOption(
      new Option('--between <rule>', 'which of several files gets the next free slot')
        .choices(BETWEEN_RUNS)
        .default('fcfs'),
    )
    .option('--failures <probability>', 'each attempt fails so often: 0 to 1', probability, 0)
    .addOption(
      new Option('--speeds <range>', 'the speeds of the slots are drawn from it: 0.5..2')
        .argParser(speeds)
        .default([1, 1], 'all are 1'),
    )
    .option('--seed <number>', 'what failures and speeds are drawn from', wholeNumber, 1)
    .option('--gantt', 'draw a chart for each policy')
    .option('--svg <file>', 'write a chart for each policy as SVG')
    .addOption(addressOption())
    .addOption(namespaceOption())
    .option('--json', 'print { "results": [...], "figures": [...] }; times are in seconds')
    .action(async (files: string[], options: SimulateOptions) => {
      const { simulate } = await import('../commands/simulate.js');
      done(await simulate(files, options));
    });
}

/** `fcfs,priority+sjf`: policies; those of a combination are joined by +, and by a comma in dag files. */
function policies(value: string): string[] {
  const names = value.split(',').map((one) => one.replaceAll('+', ','));
  for (const name of names) {
    const read = name === 'optimized' ? { names: [] } : readPolicy(name);
    if ('problem' in read) throw new InvalidArgumentError(read.problem);
  }
  return [...new Set(names)];
}

function placements(value: string): PlacementName[] {
  const names = [...new Set(value.split(','))];
  const unknown = names.find((name) => !isPlacementName(name));
  if (unknown === undefined) return names.filter(isPlacementName);
  throw new InvalidArgumentError(`There is no placement "${unknown}"; there are ${PLACEMENT_NAMES.join(', ')}.`);
}

function probability(value: string): number {
  const number = /^\d*\.?\d+$/.test(value) ? Number(value) : NaN;
  if (number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}

function speeds(value: string): readonly [number, number] {
  const [, least, most] = /^(\d*\.?\d+)\.\.(\d*\.?\d+)$/.exec(value) ?? [];
  const range = [Number(least), Number(most)] as const;
  if (range[0] >= 0.001 && range[0] <= range[1] && range[1] <= 1_000) return range;
  throw new InvalidArgumentError('It must be a range like 0.5..2, within 0.001..1000.');
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}
