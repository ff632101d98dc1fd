import { InvalidArgumentError } from 'commander';
import type { WorkerGroup } from '../../dag/worker-group.js';
import { bytes, cores, cost, groupName, label, positiveNumber } from './group-flags.js';
import { positiveInteger } from './options.js';

/** Slots that one group of a plan may have. */
const MOST_SLOTS = 100_000;

type Settings = { -readonly [K in keyof WorkerGroup]?: WorkerGroup[K] };

/** How each word of a group is read: the words that `dagwright worker` has as flags. */
const READ: Readonly<Record<string, (value: string, settings: Settings) => void>> = {
  slots: (value, settings) => {
    settings.slots = positiveInteger(value);
    if (settings.slots > MOST_SLOTS) throw new InvalidArgumentError(`It must be at most ${MOST_SLOTS}.`);
  },
  speed: (value, settings) => {
    settings.speed = positiveNumber(value);
  },
  label: (value, settings) => {
    settings.labels = label(value, settings.labels);
  },
  cpu: (value, settings) => {
    settings.cpu = cores(value);
  },
  memory: (value, settings) => {
    settings.memory = bytes(value);
  },
  cost: (value, settings) => {
    settings.cost = cost(value);
  },
};

/**
 * `gpu:slots=8,speed=2,label=gpu,standby`: a worker group in the words of `dagwright worker --group`. For a repeatable option.
 * @throws InvalidArgumentError
 */
export function groupOption(value: string, previous: readonly WorkerGroup[] = []): WorkerGroup[] {
  const colon = value.indexOf(':');
  const name = groupName(colon === -1 ? value : value.slice(0, colon));
  if (previous.some((group) => group.name === name))
    throw new InvalidArgumentError(`The group ${name} is there twice.`);
  const settings: Settings = {};
  const words = colon === -1 ? [] : value.slice(colon + 1).split(',');
  for (const word of words) readWord(word, settings);
  return [...previous, { slots: 1, speed: 1, labels: [], ...settings, name }];
}

function readWord(word: string, settings: Settings): void {
  if (word === 'standby') {
    settings.standby = true;
    return;
  }
  const equals = word.indexOf('=');
  const key = equals === -1 ? word : word.slice(0, equals);
  const read = Object.hasOwn(READ, key) ? READ[key] : undefined;
  if (read === undefined || equals === -1) {
    const known = Object.keys(READ).map((one) => `${one}=`);
    throw new InvalidArgumentError(`"${word.slice(0, 40)}" is none of ${known.join(', ')} and standby.`);
  }
  try {
    read(word.slice(equals + 1), settings);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${word.slice(0, 40)}: ${error.message}`);
  }
}
