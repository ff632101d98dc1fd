import { writeFileSync } from 'node:fs';
import { dagJsonSchema } from '../src/spec/json-schema.js';

// Run by `tsx scripts/generate-schema.ts` whenever src/spec/schema.ts changes; a test fails while the file is stale.
writeFileSync(new URL('../schema/dag.schema.json', import.meta.url), `${JSON.stringify(dagJsonSchema(), null, 2)}\n`);
