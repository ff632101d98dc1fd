import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DagwrightError } from '../../dag/errors.js';
import { formatOf, parsePlan } from '../../simulator/formats/format.js';
import type { PlanFormat } from '../../simulator/formats/plan-format.js';
import { planInvalid } from '../../simulator/formats/plan-invalid.js';
import { knowsNoDuration, planOf, type Plan } from '../../simulator/plan.js';
import { loadDag } from '../load-dag.js';
import { printError } from '../output.js';

/** Bytes that a file may have, unpacked. */
const MOST_BYTES = 256 * 1024 * 1024;

const MODULES = ['.js', '.mjs', '.ts', '.mts'];

const unpack = promisify(gunzip);

/**
 * The plan that a file holds, in a format of {@link PlanFormat}; without one, what it is by its name and content.
 * @throws DagwrightError USAGE where it cannot be read; PLAN_INVALID; DAG_INVALID.
 */
export async function readPlan(file: string, format: PlanFormat | undefined): Promise<Plan> {
  const isModule = MODULES.includes(extname(file).toLowerCase());
  if (format === 'dag' || (format === undefined && isModule)) return planOfDag(file);
  const text = await readPacked(file);
  const found = format ?? formatOf(file, text);
  return found === 'dag' ? planOfDag(file) : parsePlan(found, file, text);
}

async function planOfDag(file: string): Promise<Plan> {
  const { dag } = await loadDag(file);
  if (knowsNoDuration(dag)) {
    printError(
      `warning: no task of ${file} has an estimate; each counts as one second. \`estimate: 30s\` says how long.`,
    );
  }
  return planOf(file, dag);
}

async function readPacked(file: string): Promise<string> {
  const bytes = await readBytes(file);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return (await unpack(bytes, { maxOutputLength: MOST_BYTES })).toString('utf8');
  } catch (cause) {
    const reason = (cause as Error).message;
    throw planInvalid(file, 1, `It cannot be unpacked: ${reason}.`, 'See whether the file is whole.');
  }
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new DagwrightError('USAGE', `The file ${file} cannot be read: ${(cause as Error).message}`, {
      hint: 'Check the path, and the rights.',
      cause,
    });
  }
}
