/** What a label of a worker group looks like: `gpu`, `zone=eu-1`, `nvidia.com/a100`. */
export const LABEL_PATTERN = /^[A-Za-z0-9][\w.:=/-]{0,119}$/;
