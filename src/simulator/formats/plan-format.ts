/** What a file to simulate may be: a dag file, or of a public set. */
export const PLAN_FORMATS = ['dag', 'wfformat', 'stg', 'psplib'] as const;
export type PlanFormat = (typeof PLAN_FORMATS)[number];
