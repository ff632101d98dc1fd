import type { ConnectionLike } from '@temporalio/client';
import { DagwrightError } from '../dag/errors.js';

/** The number that gRPC has for it. */
const NOT_FOUND = 5;

/**
 * Makes sure that the server has the namespace; where it does not tell, the work itself will.
 * @throws DagwrightError NAMESPACE_NOT_FOUND; the connection is closed then.
 */
export async function requireNamespace(
  connection: ConnectionLike & { close(): Promise<void> },
  namespace: string,
): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== NOT_FOUND) return;
    await connection.close();
    throw new DagwrightError('NAMESPACE_NOT_FOUND', `The Temporal server has no namespace ${namespace}.`, {
      hint: 'Correct --namespace or TEMPORAL_NAMESPACE, or create it: `temporal operator namespace create`.',
      cause,
    });
  }
}
