/** A bucket, and what the names of the objects in it begin with: empty, or with a `/` at its end. */
export interface BucketPlace {
  readonly bucket: string;
  readonly prefix: string;
  /** Whether the bucket is named in the path of URLs and not in their host. */
  readonly pathStyle: boolean;
}

/** Where a store is. */
export type StorePlace = { readonly folder: string } | BucketPlace;

const S3 = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/** The bucket that `s3://bucket/prefix` names; undefined where the text is no such URL. */
export function readBucket(text: string, pathStyle: boolean): BucketPlace | undefined {
  const [, bucket, path = ''] = S3.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  const prefix = path.replace(/^\/+|\/+$/g, '');
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/`, pathStyle };
}
