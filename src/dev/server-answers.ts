import { Connection, type ConnectionOptions } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

/**
 * Whether a Temporal server answers, and has the namespace where one is named.
 * @param options.timeout milliseconds.
 */
export async function serverAnswers(
  connectionOptions: ConnectionOptions,
  options: { timeout: number; namespace?: string },
): Promise<boolean> {
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: options.timeout });
  try {
    await connection.withDeadline(Date.now() + options.timeout, async () => {
      await connection.ensureConnected();
      if (options.namespace !== undefined) {
        await connection.workflowService.describeNamespace({ namespace: options.namespace });
      }
    });
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

/** Creates the namespace where the server does not have it, and waits until it can be used. */
export async function ensureNamespace(connectionOptions: ConnectionOptions, namespace: string): Promise<void> {
  if (await serverAnswers(connectionOptions, { timeout: 5_000, namespace })) return;
  const connection = Connection.lazy(connectionOptions);
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
  } finally {
    await connection.close();
  }
}
