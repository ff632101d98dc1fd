import { setTimeout as delay } from 'node:timers/promises';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

const USABLE_MS = 30_000;

/**
 * Whether a Temporal server answers, and has the namespace where one is named.
 * @param options.timeout milliseconds.
 */
export async function serverAnswers(
  connectionOptions: ConnectionOptions,
  options: { timeout: number; namespace?: string },
): Promise<boolean> {
  try {
    // Throws where the address is none.
    const connection = Connection.lazy({ ...connectionOptions, connectTimeout: options.timeout });
    try {
      await connection.withDeadline(Date.now() + options.timeout, async () => {
        await connection.ensureConnected();
        if (options.namespace !== undefined) {
          await connection.workflowService.describeNamespace({ namespace: options.namespace });
        }
      });
    } finally {
      await connection.close();
    }
    return true;
  } catch {
    return false;
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
    await untilUsable(connection, namespace);
  } finally {
    await connection.close();
  }
}

/** The server knows a new namespace at once, but refuses for some seconds to work with it. */
async function untilUsable(connection: Connection, namespace: string): Promise<void> {
  for (const deadline = Date.now() + USABLE_MS; ;) {
    try {
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await delay(100);
  }
}
