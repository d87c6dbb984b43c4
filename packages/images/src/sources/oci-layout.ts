/** An OCI image layout. https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
import { ImageError } from '../error.ts';
import { hexOf, Verifier } from '../image-spec/digest.ts';
import {
  chooseManifest,
  type Descriptor,
  type Index,
  type IndexEntry,
  MANIFEST_MAX_SIZE,
  parseManifest,
} from '../image-spec/manifest.ts';
import type { Platform } from '../image-spec/platform.ts';
import { blobName, type Files, readSmall } from './files.ts';

export interface LayoutImage {
  readonly manifest: Buffer;
  readonly mediaType: string;
  /** The name that it has in the layout. */
  readonly refName: string | null;
}

/** By the file that says so. Without an index it is a broken one, and nothing else. */
export function isLayout(files: Files): boolean {
  return files.has('oci-layout');
}

/**
 * The image of a layout.
 *
 * @param refName its name; null where there is only one.
 * @throws ImageError
 */
export async function readLayout(
  files: Files,
  refName: string | null,
  platform: Platform,
  where: string,
): Promise<LayoutImage> {
  const index = parseManifest(await readSmall(files, 'index.json', MANIFEST_MAX_SIZE), null);
  if (index.kind !== 'index') throw new ImageError('corrupt', `${where}: index.json is no index`);
  const named = namedIn(index, refName, where);
  const entry = chooseManifest({ kind: 'index', manifests: named }, platform, where);
  const manifest = await readVerified(files, entry);
  const parsed = parseManifest(manifest, entry.mediaType);
  if (parsed.kind === 'manifest') return { manifest, mediaType: entry.mediaType, refName: entry.refName };
  const inner = chooseManifest(parsed, platform, where);
  return { manifest: await readVerified(files, inner), mediaType: inner.mediaType, refName: entry.refName };
}

function namedIn({ manifests }: Index, refName: string | null, where: string): readonly IndexEntry[] {
  const names = [...new Set(manifests.map((entry) => entry.refName))];
  const known = names
    .filter((name) => name !== null)
    .slice(0, 20)
    .join(', ');
  if (refName === null) {
    if (names.length <= 1) return bareIndex(manifests);
    throw new ImageError('invalid', `${where} has several images`, `Say which: ${where}:NAME, of ${known}`);
  }
  const found = manifests.filter((entry) => entry.refName === refName);
  if (found.length > 0) return bareIndex(found);
  throw new ImageError(
    'not-found',
    `${where} has no image called ${refName}`,
    known === '' ? undefined : `There are: ${known}`,
  );
}

/** An index of the layout that has one entry stands for that entry, whose platform its own index tells. */
function bareIndex(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return entries.length === 1 ? entries.map((entry) => ({ ...entry, platform: null })) : entries;
}

async function readVerified(files: Files, descriptor: Descriptor): Promise<Buffer> {
  const content = await readSmall(files, blobName(hexOf(descriptor.digest)), MANIFEST_MAX_SIZE);
  const verifier = new Verifier(descriptor);
  verifier.update(content);
  verifier.finish();
  return content;
}
