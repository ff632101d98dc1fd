import { describe, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { canonicalDuration } from './fields.js';
import {
  httpWith,
  type activityWith,
  type ActivityWith,
  type functionWith,
  type FunctionWith,
  type HttpWith,
  type shellWith,
  type ShellWith,
} from './with.js';

describe('the settings of handlers', () => {
  it('have the types that their schemas give', () => {
    const http = httpWith(canonicalDuration, true);
    expectTypeOf<z.output<typeof shellWith>>().toExtend<ShellWith>();
    expectTypeOf<z.output<typeof functionWith>>().toExtend<FunctionWith>();
    expectTypeOf<z.output<typeof http>>().toExtend<HttpWith>();
    expectTypeOf<z.output<typeof activityWith>>().toExtend<ActivityWith>();
    expectTypeOf<keyof z.output<typeof shellWith>>().toEqualTypeOf<keyof ShellWith>();
    expectTypeOf<keyof z.output<typeof functionWith>>().toEqualTypeOf<keyof FunctionWith>();
    expectTypeOf<keyof z.output<typeof http>>().toEqualTypeOf<keyof HttpWith>();
    expectTypeOf<keyof z.output<typeof activityWith>>().toEqualTypeOf<keyof ActivityWith>();
  });
});
