/** Any value that JSON can hold. Everything that crosses a process (params, inputs, outputs, events) is one. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** The size in UTF-8 of a value's JSON, counted from above: three bytes for whatever is not ASCII. */
export function byteLength(value: Json): number {
  const text = JSON.stringify(value);
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) bytes += 2;
  return bytes;
}
