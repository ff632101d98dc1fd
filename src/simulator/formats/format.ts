import type { Plan } from '../plan.js';
import type { PlanFormat } from './plan-format.js';
import { parsePsplib } from './psplib.js';
import { parseStg } from './stg.js';
import { parseWfFormat } from './wfformat.js';

/** The format that a file is of by its name, or, of JSON, by what is in it. */
export function formatOf(file: string, text: string): PlanFormat {
  const name = file.toLowerCase().replace(/\.gz$/, '');
  if (name.endsWith('.stg')) return 'stg';
  if (name.endsWith('.sm')) return 'psplib';
  const isTrace = name.endsWith('.json') && /"schemaVersion"\s*:/.test(text) && /"workflow"\s*:/.test(text);
  return isTrace ? 'wfformat' : 'dag';
}

/**
 * The plan of a file of a public set.
 * @throws DagwrightError PLAN_INVALID
 */
export function parsePlan(format: Exclude<PlanFormat, 'dag'>, file: string, text: string): Plan {
  switch (format) {
    case 'wfformat':
      return parseWfFormat(file, text);
    case 'stg':
      return parseStg(file, text);
    case 'psplib':
      return parsePsplib(file, text);
  }
}
