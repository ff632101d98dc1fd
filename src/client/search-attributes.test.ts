import { describe, expect, it } from 'vitest';
import { createLogger } from '../observability/logger.js';
import { ensureSearchAttributes, hasSearchAttributes, type OperatorConnection } from './search-attributes.js';

const PERMISSION_DENIED = 7;
const INVALID_ARGUMENT = 3;

/** A server as Temporal Cloud is: what an operator may do is refused, and queries are taken where it knows their names. */
function cloud(options: { readonly knowsThem: boolean }): OperatorConnection {
  const refuse = (code: number) => () =>
    Promise.reject(Object.assign(new Error('token=hunter2'), { code, details: 'token=hunter2', metadata: {} }));
  const service = {
    withDeadline: <T>(_deadline: number | Date, call: () => Promise<T>) => call(),
    operatorService: {
      listSearchAttributes: refuse(PERMISSION_DENIED),
      addSearchAttributes: refuse(PERMISSION_DENIED),
    },
    workflowService: {
      countWorkflowExecutions: options.knowsThem ? () => Promise.resolve({}) : refuse(INVALID_ARGUMENT),
    },
  };
  return service as unknown as OperatorConnection;
}

describe('search attributes where a worker may not add any', () => {
  it('are done without, and a warning says so with a code alone', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'warn', stream: { write: (line) => lines.push(line) } });
    expect(await ensureSearchAttributes(cloud({ knowsThem: false }), 'ns', logger)).toBe(false);
    expect(await hasSearchAttributes(cloud({ knowsThem: false }), 'ns')).toBe(false);
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        level: 'warn',
        namespace: 'ns',
        msg: 'Runs get no search attributes: the server refuses to add them.',
        code: `GRPC_${PERMISSION_DENIED}`,
      }),
    ]);
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('are used where somebody else has added them', async () => {
    const logger = createLogger({ level: 'silent' });
    expect(await ensureSearchAttributes(cloud({ knowsThem: true }), 'ns', logger)).toBe(true);
    expect(await hasSearchAttributes(cloud({ knowsThem: true }), 'ns')).toBe(true);
  });
});
