/** What a dag may have at most. Each is far above real use and far below what would hurt. */
export const LIMITS = {
  /** Bytes of a file. */
  file: 8 * 1024 * 1024,
  tasks: 100_000,
  /** Dependencies of all tasks together. */
  dependencies: 1_000_000,
  /** Bytes of one `run` script. */
  script: 64 * 1024,
  /** Characters of a name. */
  name: 120,
  /** Characters of a description. */
  description: 10_000,
  /** Bytes of one `with`, as JSON. */
  with: 512 * 1024,
  /** Bytes of one `env`, as JSON. */
  env: 128 * 1024,
  params: 1_000,
  /** Dag files that one includes, directly or not. */
  files: 1_000,
  /** Levels of sub-dags. */
  subDags: 8,
  /** Levels of nesting. */
  depth: 100,
  /** Values that a file's YAML aliases may stand for. */
  aliased: 200_000,
} as const;
