/** Reads an image in an OCI layout, and uses no byte of it that is not verified. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** How one part of an image names another. */
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

const [layout = '', platform = ''] = process.argv.slice(2);
const [os, architecture] = platform.split('/');

function refuse(message: string): never {
  console.error(`blobs: ${message}`);
  process.exit(1);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The bytes that a descriptor means, and no others. */
function blob({ digest, size }: Descriptor): Buffer {
  // It is about to become a path, so look at it first: who made the image wrote it.
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] ?? refuse(`not a digest: ${digest}`);
  // Read once. What is verified and what is used are the same bytes, also if the file changes meanwhile.
  const bytes = readFileSync(join(layout, 'blobs/sha256', hex));
  if (bytes.length !== size) refuse(`${digest} should have ${size} bytes, and has ${bytes.length}`);
  const real = digestOf(bytes);
  if (real !== digest) refuse(`${digest} holds other bytes: their digest is ${real}`);
  return bytes;
}

// The index is the one file without a digest. All that follows is named by the digest of its bytes, in a verified file.
const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
const chosen =
  index.manifests.find(({ platform: its }: Descriptor) => its?.os === os && its?.architecture === architecture) ??
  refuse(`no image for ${platform}`);
const manifest = JSON.parse(blob(chosen).toString());
const config = JSON.parse(blob(manifest.config).toString());

// Lowest first: the order in which they are laid over one another.
const layers: string[] = manifest.layers.map((layer: Descriptor, i: number) => {
  const bytes = blob(layer);
  // The digest of a layer is that of the bytes as they are stored. Its diff ID is that of the tar archive in them.
  const diffId = digestOf(layer.mediaType.endsWith('+gzip') ? gunzipSync(bytes) : bytes);
  if (diffId !== config.rootfs.diff_ids[i]) refuse(`${layer.digest} is not the layer ${config.rootfs.diff_ids[i]}`);
  return diffId;
});

// Only now: what is refused prints nothing.
console.log([...(config.config.Entrypoint ?? []), ...(config.config.Cmd ?? [])].join(' '));
for (const diffId of layers) console.log(diffId);
