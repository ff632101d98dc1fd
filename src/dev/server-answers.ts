import { Connection, type ConnectionOptions } from '@temporalio/client';

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
