/** A file that a task left, by its content. */
export interface ArtifactRef {
  /** SHA-256 of the content, in hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}
