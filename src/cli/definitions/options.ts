import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDuration } from '../../dag/duration.js';
import type { Rate } from '../../dag/pools.js';
import { parseRate } from '../../dag/rate.js';
import { parseTime } from '../moment.js';

export const FUNCTIONS_HELP = 'module whose exported functions tasks may call (repeatable)';
export const TASK_QUEUE_HELP = 'the task queue of the workers (default: DAGWRIGHT_TASK_QUEUE, or dagwright)';

/** Shells take brackets for a pattern: zsh refuses one that matches no file, and bash may put a file's name there. */
export const QUOTE_HELP = "quote an item of a fan-out: 'convert[3]'";
export const TASK_HELP = `the task; ${QUOTE_HELP}`;

/** Takes the exit code of the command that ran. */
export type Done = (code: number) => void;

/**
 * A command about one run: its id, and where it is.
 * @param jsonHelp What `--json` does; false where the command has none.
 */
export function runCommand(
  program: Command,
  name: string,
  description: string,
  jsonHelp: string | false = 'print a JSON object',
): Command {
  const command = program
    .command(name)
    .description(description)
    .argument('<run>', 'the id of the run')
    .addOption(addressOption())
    .addOption(namespaceOption());
  return jsonHelp === false ? command : command.option('--json', jsonHelp);
}

export function addressOption(): Option {
  return new Option(
    '--address <host:port>',
    'the Temporal server (default: TEMPORAL_ADDRESS, a profile, or one nearby)',
  );
}

export function namespaceOption(): Option {
  return new Option('--namespace <name>', 'its namespace (default: TEMPORAL_NAMESPACE, a profile, or default)');
}

export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

export function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(value);
}

/** Slots of a pool: at most a million, or `none`. */
export function slotsOrNone(value: string): number | 'none' {
  if (value === 'none') return value;
  const slots = positiveInteger(value);
  if (slots > 1_000_000) throw new InvalidArgumentError('It must be at most 1000000.');
  return slots;
}

/** A pool's rate, or `none`. */
export function rateOrNone(value: string): Rate | 'none' {
  if (value === 'none') return value;
  const rate = parseRate(value);
  if (rate === undefined) throw new InvalidArgumentError('It must be a rate like 10/s, 20/m or 5/10s, or none.');
  return rate;
}

export function decimal(value: string): number {
  if (!/^\d{1,9}(?:\.\d{1,9})?$/.test(value)) throw new InvalidArgumentError('It must be a number.');
  return Number(value);
}

/** A time that has passed: ISO 8601, or how long ago. */
export function pastTime(value: string): Date {
  const ago = parseDuration(value);
  const time = ago === undefined ? parseTime(value) : new Date(Date.now() - ago);
  if (time !== undefined) return time;
  throw new InvalidArgumentError('It must be a time like 2026-11-01T12:00, or how long ago: 90m, 2h, 3d.');
}

export function port(value: string): number {
  const number = positiveInteger(value);
  if (number > 65_535) throw new InvalidArgumentError('A port is at most 65535.');
  return number;
}
