import { dagJsonSchema } from '../../spec/json-schema.js';
import { EXIT } from '../exit-code.js';
import { printJson } from '../output.js';

/** `dagwright schema` */
export function schema(): number {
  printJson(dagJsonSchema());
  return EXIT.succeeded;
}
