import type { BlobStore } from './blob-store.js';
import { FolderStore } from './folder-store.js';
import { S3Store } from './s3-store.js';
import type { StorePlace } from './store-place.js';

/** The store at a place. Nothing is looked at, nor loaded, before it is used. */
export function openStore(place: StorePlace): BlobStore {
  return 'folder' in place ? new FolderStore(place.folder) : new S3Store(place);
}
