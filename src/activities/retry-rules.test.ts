import { describe, expect, it } from 'vitest';
import type { RetryRule } from '../dag/dag.js';
import type { JsonObject } from '../dag/json.js';
import { TaskFailure } from './handler.js';
import { afterFailure } from './retry-rules.js';

const POLICY = { maximumAttempts: 3, initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 5_000 };

function failed(
  details: JsonObject = {},
  options: ConstructorParameters<typeof TaskFailure>[1] = {},
  code = 'SHELL_EXIT',
) {
  return new TaskFailure({ code, message: 'the quota is used up', details }, options);
}

function after(rules: readonly RetryRule[], attempt: number, failure = failed()) {
  return afterFailure({ retry: POLICY, retryRules: rules, maximumAttempts: 3 }, attempt, failure);
}

describe('afterFailure', () => {
  it('does as the policy says where there are no rules, or none fits', () => {
    for (const rules of [[], [{ exitCode: [9], then: 'fail' }]] satisfies RetryRule[][]) {
      expect(after(rules, 1)).toEqual({ then: 'retry' });
      expect(after(rules, 3)).toEqual({ then: 'fail' });
      expect(after(rules, 1, failed({}, { retryable: false }))).toEqual({ then: 'fail' });
      expect(after(rules, 1, failed({}, { nextRetryDelay: 7 }))).toEqual({ then: 'retry', delay: 7 });
    }
  });

  it.each<[string, RetryRule, JsonObject, boolean]>([
    ['an exit code', { exitCode: [1, 2] }, { exitCode: 2 }, true],
    ['another exit code', { exitCode: [1, 2] }, { exitCode: 3 }, false],
    ['an exit code of what has none', { exitCode: [1] }, {}, false],
    ['a code', { code: ['HTTP_STATUS', 'SHELL_EXIT'] }, {}, true],
    ['another code', { code: ['HTTP_STATUS'] }, {}, false],
    [
      'a status',
      {
        status: [
          [404, 404],
          [500, 599],
        ],
      },
      { status: 599 },
      true,
    ],
    [
      'a status between',
      {
        status: [
          [404, 404],
          [500, 599],
        ],
      },
      { status: 405 },
      false,
    ],
    ['a condition', { when: "error.message.contains('quota')" }, {}, true],
    ['a condition over the details', { when: 'error.details.left == 0' }, { left: 0 }, true],
    ['a condition over the exit code', { when: 'error.details.exitCode > 100' }, { exitCode: 137 }, true],
    ['a condition that is false', { when: "error.code == 'X'" }, {}, false],
    ['a condition without a value', { when: 'error.details.none == 1' }, {}, false],
    ['a condition that is no condition', { when: 'error.message' }, {}, false],
    ['all that it names', { exitCode: [1], when: 'true' }, { exitCode: 1 }, true],
    ['not all that it names', { exitCode: [1], when: 'false' }, { exitCode: 1 }, false],
    ['anything', {}, {}, true],
  ])('fits %s', (_, rule, details, fits) => {
    expect(after([{ ...rule, then: 'skip' }], 1, failed(details)).then).toBe(fits ? 'skip' : 'retry');
  });

  it('takes the first rule that fits', () => {
    const rules: RetryRule[] = [{ exitCode: [2], then: 'fail' }, { code: ['SHELL_EXIT'], then: 'skip' }, {}];
    expect(after(rules, 1, failed({ exitCode: 2 }))).toEqual({ then: 'fail' });
    expect(after(rules, 1, failed({ exitCode: 3 }))).toEqual({ then: 'skip' });
  });

  it('tries again what would not be by itself, as often as the rule says', () => {
    const once = failed({}, { retryable: false });
    expect(after([{ code: ['SHELL_EXIT'] }], 2, once)).toEqual({ then: 'retry' });
    expect(after([{ maximumAttempts: 5 }], 4, once)).toEqual({ then: 'retry' });
    expect(after([{ maximumAttempts: 5 }], 5, once)).toEqual({ then: 'fail' });
    expect(after([{ maximumAttempts: 1 }], 1)).toEqual({ then: 'fail' });
  });

  it("waits as the rule says, and where it does not, as the task's own policy", () => {
    expect(after([{ initialInterval: 10 }], 2)).toEqual({ then: 'retry', delay: 20 });
    expect(after([{ backoffCoefficient: 1 }], 2)).toEqual({ then: 'retry', delay: 1_000 });
    expect(after([{ initialInterval: 10, maximumInterval: 15 }], 2)).toEqual({ then: 'retry', delay: 15 });
    expect(after([{ initialInterval: 60_000, maximumAttempts: 9 }], 3)).toEqual({ then: 'retry', delay: 60_000 });
    expect(after([{ initialInterval: 10 }], 1, failed({}, { nextRetryDelay: 30 }))).toEqual({
      then: 'retry',
      delay: 30,
    });
  });

  it('skips, at the end of its attempts, what says so itself', () => {
    expect(after([], 3, failed({}, { skip: true }))).toEqual({ then: 'skip' });
    expect(after([], 1, failed({}, { skip: true }))).toEqual({ then: 'retry' });
  });
});
