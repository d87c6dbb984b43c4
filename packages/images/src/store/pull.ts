/** From a registry into the store. */
import type { Image } from '../image.ts';
import { chooseManifest, parseManifest } from '../image-spec/manifest.ts';
import type { Platform } from '../image-spec/platform.ts';
import { type Reference, showFamiliar, showReference } from '../reference.ts';
import { RepositoryClient } from '../registry/client.ts';
import { loginFor } from '../registry/docker-config.ts';
import { download } from '../registry/download.ts';
import type { StoreDirectory } from './directory.ts';
import { install, type Progress } from './install.ts';

export interface PullRequest {
  readonly platform: Platform;
  readonly insecure: boolean;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** With the store's lock held: nobody collects what has no name yet. */
export async function pull(
  directory: StoreDirectory,
  reference: Reference,
  { platform, insecure, onProgress }: PullRequest,
): Promise<Image> {
  const client = new RepositoryClient(reference, { insecure, logins: loginFor(reference.domain) });
  try {
    const first = await client.manifest(reference.digest ?? reference.tag ?? 'latest');
    const parsed = parseManifest(first.content, first.mediaType);
    const entry = parsed.kind === 'index' ? chooseManifest(parsed, platform, showFamiliar(reference)) : null;
    const chosen = entry === null ? first : await client.manifest(entry.digest);
    return await install(directory, {
      name: showReference(reference),
      manifest: chosen.content,
      mediaType: entry?.mediaType ?? chosen.mediaType,
      platform,
      giveUp: () => void client.close(),
      fetch: (descriptor, file, onReceived) => download(client, descriptor, file, onReceived),
      onProgress,
    });
  } finally {
    await client.close();
  }
}
