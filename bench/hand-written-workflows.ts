/** What somebody would write by hand, without Dagwright, for the same shapes. */
import { proxyActivities } from '@temporalio/workflow';

const { noop } = proxyActivities<{ noop: () => Promise<void> }>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '10 seconds',
  retry: { maximumAttempts: 11 },
});

export async function empty(): Promise<void> {}

/** One after the other. */
export async function chain(tasks: number): Promise<void> {
  for (let task = 0; task < tasks; task++) await noop();
}

/** All at once. */
export async function fan(tasks: number): Promise<void> {
  await Promise.all(Array.from({ length: tasks }, () => noop()));
}

/** Layer after layer. */
export async function layers(count: number, width: number): Promise<void> {
  for (let layer = 0; layer < count; layer++) await Promise.all(Array.from({ length: width }, () => noop()));
}
