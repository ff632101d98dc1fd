import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../dag/errors.js';
import { EXIT, EXIT_CODES_HELP, exitCodeOfError, exitCodeOfRun } from './exit-code.js';
import { RUN_STATES } from '../dag/run-state.js';

describe('exit codes', () => {
  it('are 0 for a run that succeeded, and 1 for any other', () => {
    expect(RUN_STATES.filter((state) => exitCodeOfRun(state) === 0)).toEqual(['succeeded']);
    expect(exitCodeOfRun('timed_out')).toBe(1);
  });

  it('tell a missing server and a wrong use from all else', () => {
    const codes = Object.keys(ERROR_CODES) as ErrorCode[];
    expect(codes.filter((code) => exitCodeOfError(code) === EXIT.noServer)).toEqual([
      'SERVER_UNREACHABLE',
      'SERVER_START_FAILED',
      'TEMPORAL_CLI_MISSING',
    ]);
    expect(codes.filter((code) => exitCodeOfError(code) === EXIT.usage).toSorted()).toEqual([
      'ACT_INVALID',
      'CONFIG_INVALID',
      'NAMESPACE_NOT_FOUND',
      'PARAM_INVALID',
      'POOL_INVALID',
      'PRIORITY_INVALID',
      'RUN_ID_INVALID',
      'USAGE',
    ]);
  });

  it('are all in the help', () => {
    for (const code of Object.values(EXIT)) expect(EXIT_CODES_HELP).toMatch(new RegExp(`^ {2}${code} `, 'm'));
  });
});
