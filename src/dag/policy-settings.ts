/** What policies go by beside the tasks, as a dag says it. */
export interface PolicySettings {
  /** Milliseconds of waiting that raise a task's priority by 1. Default: waiting does not count. */
  readonly aging?: number;
  /** Tasks that one group is given in a row. Default 1. */
  readonly quantum?: number;
  /** The weights of groups, by name. Default 1 each. */
  readonly groups?: Readonly<Record<string, number>>;
}
