import { InvalidArgumentError, type Command } from 'commander';
import { LABEL_PATTERN } from '../../dag/label.js';
import { parseBytes, parseCores } from '../../dag/quantity.js';
import { GROUP_PATTERN } from '../../dag/worker-group.js';

/** The flags by which a worker belongs to a group. */
export interface GroupFlags {
  readonly group?: string;
  readonly speed?: number;
  readonly label?: readonly string[];
  readonly cpu?: number;
  readonly memory?: number;
  readonly cost?: number;
  readonly standby?: true;
}

/** The flags that say nothing without `--group`. */
export const FLAGS_OF_GROUPS = ['speed', 'label', 'cpu', 'memory', 'cost', 'standby'] as const;

export function addGroupFlags(command: Command): Command {
  return command
    .option('--group <name>', 'belong to this worker group: take the tasks that a placement gives to it', groupName)
    .option(
      '--speed <number>',
      'how fast it is: a task takes its estimate divided by this (default: 1)',
      positiveNumber,
    )
    .option('--label <label>', 'what it has, for the `requires` of tasks (repeatable)', label)
    .option('--cpu <cores>', 'the cores that tasks may take: 16, 0.5 (default: no limit)', cores)
    .option('--memory <size>', 'the memory that tasks may take: 64Gi, 512M (default: no limit)', bytes)
    .option('--cost <number>', 'what a slot costs for an hour, in any unit (default: 0)', cost)
    .option('--standby', 'get tasks only while no other group lives that could run them');
}

export function groupName(value: string): string {
  if (GROUP_PATTERN.test(value)) return value;
  throw new InvalidArgumentError('It must begin with a letter or digit and go on with those and ._-, 64 in all.');
}

export function label(value: string, previous: readonly string[] = []): string[] {
  if (LABEL_PATTERN.test(value)) return [...previous, value];
  throw new InvalidArgumentError('It must begin with a letter or digit and go on with those and ._-/:=, 120 in all.');
}

const NUMBER = /^\d{1,6}(\.\d{1,6})?$/;

export function positiveNumber(value: string): number {
  if (NUMBER.test(value) && Number(value) > 0) return Number(value);
  throw new InvalidArgumentError('It must be a number above 0.');
}

export function cost(value: string): number {
  if (NUMBER.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a number from 0.');
}

export function cores(value: string): number {
  const number = parseCores(value);
  if (number !== undefined) return number;
  throw new InvalidArgumentError('It must be a number of cores: 16, 0.5, 500m.');
}

export function bytes(value: string): number {
  const number = parseBytes(value);
  if (number !== undefined) return number;
  throw new InvalidArgumentError('It must be a size: 64Gi, 512M, or a number of bytes.');
}
