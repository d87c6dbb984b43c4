/** For which machine an image is: operating system, architecture and variant, by the names of Go. */
import { ImageError } from '../error.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Null where the architecture has none, or none was named. */
  readonly variant: string | null;
}

/** Other names that people and kernels use. https://github.com/containerd/platforms, database.go */
const ALIASES: ReadonlyMap<string, readonly [architecture: string, variant: string | null]> = new Map([
  ['x86_64', ['amd64', null]],
  ['x86-64', ['amd64', null]],
  ['i386', ['386', null]],
  ['i686', ['386', null]],
  ['aarch64', ['arm64', null]],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

/** By the names of process.arch. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** Of arm64 there is one, of arm the newest counts if none is named. */
const DEFAULT_VARIANTS: ReadonlyMap<string, string> = new Map([
  ['arm', 'v7'],
  ['arm64', 'v8'],
]);

/** This machine's. */
export function thisPlatform(architecture: string = process.arch): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[architecture] ?? architecture, variant: null };
}

/**
 * @param text `linux/arm64`, `linux/arm/v6`.
 * @throws ImageError (invalid)
 */
export function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant = null, ...rest] = text.split('/');
  const isWord = (word: string) => /^[A-Za-z0-9_.-]{1,64}$/.test(word);
  if (!isWord(os) || !isWord(architecture) || (variant !== null && !isWord(variant)) || rest.length > 0) {
    throw new ImageError(
      'invalid',
      `not a platform: ${JSON.stringify(text.slice(0, 100))}`,
      'A platform is OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, as linux/arm64.',
    );
  }
  return normalized({ os, architecture, variant });
}

export function normalized({ os, architecture, variant }: Platform): Platform {
  const lower = architecture.toLowerCase();
  const [known, itsVariant] = ALIASES.get(lower) ?? [lower, null];
  return { os: os.toLowerCase(), architecture: known, variant: variant?.toLowerCase() ?? itsVariant };
}

export function showPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === null ? [] : [variant])].join('/');
}

/**
 * Of several, the one to use on `wanted`: that of the same variant, or, where an arm has none of its own, the newest that is
 * older. Of equals the first, as the specification of the image index says.
 */
export function choosePlatform<T>(
  candidates: readonly T[],
  platformOf: (candidate: T) => Platform | null,
  wanted: Platform,
): T | undefined {
  const rank = (candidate: T) => {
    const platform = platformOf(candidate);
    return platform === null ? -1 : suitability(normalized(platform), wanted);
  };
  const best = Math.max(-1, ...candidates.map(rank));
  return best < 0 ? undefined : candidates.find((candidate) => rank(candidate) === best);
}

/** -1 where it would not run, else the higher the better. */
function suitability(platform: Platform, wanted: Platform): number {
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return -1;
  const fallback = DEFAULT_VARIANTS.get(wanted.architecture) ?? null;
  const [has, wants] = [platform.variant ?? fallback, wanted.variant ?? fallback];
  if (has === wants) return 100;
  const [older, newer] = [versionOf(has), versionOf(wants)];
  return older === null || newer === null || older > newer ? -1 : older;
}

/** v7 → 7. The variants of amd64 (v2, v3) say what a processor must have at least; without one, it is v1. */
function versionOf(variant: string | null): number | null {
  if (variant === null) return 1;
  const version = /^v(\d{1,2})$/.exec(variant)?.[1];
  return version === undefined ? null : Number(version);
}
