import { readFile } from 'node:fs/promises';
import { dag, defineFunction, task } from 'dagwright';
import { z } from 'zod';

const Order = z.object({
  region: z.enum(['north', 'south']),
  product: z.string().min(1),
  quantity: z.coerce.number().int().positive(),
  cents: z.coerce.number().int().positive(),
});
type Order = z.infer<typeof Order>;

/** A function with schemas: what goes in and what comes out is checked when it runs. Other dags may use it too. */
const readOrders = defineFunction('readOrders', {
  input: z.object({ file: z.string() }),
  output: z.array(Order),
  run: async ({ file }) => {
    const text = await readFile(new URL(file, import.meta.url), 'utf8');
    const [head = '', ...lines] = text.trim().split('\n');
    const columns = head.split(',');
    return lines.map((line) => {
      const fields = line.split(',');
      return Order.parse(Object.fromEntries(columns.map((column, index) => [column, fields[index]])));
    });
  },
});

const orders = task('orders', {
  uses: readOrders,
  input: { file: 'orders.csv' },
  retry: { maximumAttempts: 3, initialInterval: '200ms' },
});

// Functions may also stand in their task. `needs.orders` has the type that the task `orders` gives: a typo in a name,
// or in a field, is an error of the compiler.
const north = task('north', { needs: [orders], run: ({ needs }) => turnoverOf(needs.orders, 'north') });
const south = task('south', { needs: [orders], run: ({ needs }) => turnoverOf(needs.orders, 'south') });

const bestseller = task('bestseller', {
  needs: [orders],
  run: ({ needs }) => {
    const sold = new Map<string, number>();
    for (const { product, quantity } of needs.orders) sold.set(product, (sold.get(product) ?? 0) + quantity);
    const [product, quantity] = [...sold].reduce((best, next) => (next[1] > best[1] ? next : best));
    return { product, quantity };
  },
});

const report = task('report', {
  description: 'Says it in a sentence. Its output is what main.ts prints.',
  needs: [north, south, bestseller],
  run: ({ needs, params, log }) => {
    const { product, quantity } = needs.bestseller;
    const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: String(params['currency']) });
    const sentence =
      `North sold for ${money.format(needs.north / 100)}, south for ${money.format(needs.south / 100)}; ` +
      `most of all ${product} (${quantity} pieces).`;
    log.write(sentence);
    return { sentence, cents: needs.north + needs.south };
  },
});

/** The dag, and the functions that its worker must have. */
export const sales = dag('sales', {
  description: 'Adds up the orders of two regions.',
  params: { currency: { type: 'string', default: 'EUR', enum: ['EUR', 'USD', 'GBP'] } },
  defaults: { timeout: '30s' },
  // Tasks that these need are added by themselves.
  tasks: [report],
});

function turnoverOf(list: readonly Order[], region: Order['region']): number {
  return list
    .filter((order) => order.region === region)
    .reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);
}
