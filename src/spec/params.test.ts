import { describe, expect, it } from 'vitest';
import type { Dag } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import { parseParamFlags, resolveParams } from './params.js';

const dag: Dag = {
  name: 'report',
  params: {
    date: { type: 'string' },
    limit: { type: 'integer', default: 3 },
    ratio: { type: 'number', default: 0.5 },
    dry: { type: 'boolean', default: false },
    mode: { type: 'string', default: 'fast', enum: ['fast', 'slow'] },
    rows: { type: 'json', default: [1] },
  },
  tasks: [],
};

function refusal(act: () => unknown): { message: string; hint: string | undefined } {
  try {
    act();
  } catch (error) {
    if (error instanceof DagwrightError && error.code === 'PARAM_INVALID')
      return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('resolveParams', () => {
  it('fills in defaults', () => {
    expect(resolveParams(dag, { date: 'x', dry: true }).params).toEqual({
      date: 'x',
      limit: 3,
      ratio: 0.5,
      dry: true,
      mode: 'fast',
      rows: [1],
    });
  });

  it('names all problems at once, with the near name', () => {
    const { message, hint } = refusal(() =>
      resolveParams(dag, { limt: 1, limit: 1.5, dry: 'true', mode: 'quick', constructor: 1 }),
    );
    expect(message).toBe(
      [
        '`limt` is not a param of report. Did you mean `limit`?',
        '`constructor` is not a param of report.',
        '`date` is missing: give it text.',
        '`limit` must be a whole number, not `1.5`.',
        '`dry` must be true or false, not `true`.',
        '`mode` must be one of `"fast"`, `"slow"`, not `quick`.',
      ].join(' '),
    );
    expect(hint).toBe('Its params: `date`, `limit`, `ratio`, `dry`, `mode`, `rows`.');
  });
});

describe('parseParamFlags', () => {
  it('reads each text by the type of its param', () => {
    const flags = ['date=2026=11', 'limit=7', 'ratio=1e2', 'dry=true', 'rows={"a":[null]}', 'mode='];
    expect(parseParamFlags(dag, flags)).toEqual({
      date: '2026=11',
      limit: 7,
      ratio: 100,
      dry: true,
      rows: { a: [null] },
      mode: '',
    });
  });

  it('names all texts that it cannot read', () => {
    const { message } = refusal(() =>
      parseParamFlags(dag, ['date', '=x', 'dat=1', 'limit=7.5', 'ratio=', 'dry=yes', 'rows={']),
    );
    expect(message).toBe(
      [
        '`date` is not `name=value`.',
        '`=x` is not `name=value`.',
        '`dat` is not a param of report. Did you mean `date`?',
        '`limit` must be a whole number, not `7.5`.',
        '`ratio` must be a number, not ``.',
        '`dry` must be true or false, not `yes`.',
        '`rows` must be a JSON value, not `{`.',
      ].join(' '),
    );
  });
});
