/** Any value that JSON can hold. Everything that crosses a process (params, inputs, outputs, events) is one. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}
