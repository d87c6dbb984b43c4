/**
 * The names of images: `debian`, `debian:12`, `localhost:5000/team/tool:1.0`, `alpine@sha256:…`.
 *
 * Grammar and short forms are those of https://github.com/distribution/reference:
 *
 *     reference  := name [ ":" tag ] [ "@" digest ]
 *     name       := [ domain "/" ] path-component [ "/" path-component ]*
 *     domain     := host [ ":" port ]
 *
 * The first part is a domain if it has a dot, a colon or an uppercase letter, or is `localhost`; else the image is one of
 * Docker Hub, and one without a slash is in its `library/`.
 */
import { ImageError } from './error.ts';

export interface Reference {
  /** Host, and port if given, as in `localhost:5000`; `docker.io` for short names. */
  readonly domain: string;
  /** The repository: `library/debian`. */
  readonly path: string;
  /** `latest` where the text names neither a tag nor a digest. */
  readonly tag: string | null;
  /** `sha256:…`; it counts where there is a tag too. */
  readonly digest: string | null;
}

/** Where short names are looked for. */
export const DEFAULT_DOMAIN = 'docker.io';
/** Where Docker Hub's images without a namespace are. */
const OFFICIAL = 'library/';

/** The longest `domain/path`. */
const NAME_MAX_LENGTH = 255;
/** More than any reference can have: a name, a tag of 128 and a digest. Nothing longer is even looked at. */
const REFERENCE_MAX_LENGTH = 1024;

const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::([0-9]+))?$/;
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
/** Algorithms as in the OCI image specification, descriptor.md. */
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;
/** How many digits the digests have that everybody knows. */
const DIGITS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

/** @throws ImageError (invalid) for a text that is no reference, with what is wrong. */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'it is empty');
  if (text.length > REFERENCE_MAX_LENGTH) throw invalid(`${text.slice(0, 40)}…`, 'it is too long');
  const [beforeDigest, digest] = splitAt(text, text.indexOf('@'));
  // A colon before the last slash belongs to the domain's port.
  const colon = beforeDigest.lastIndexOf(':');
  const [name, tag] = splitAt(beforeDigest, colon > beforeDigest.lastIndexOf('/') ? colon : -1);

  if (digest !== null) checkDigest(text, digest);
  if (tag !== null && !TAG.test(tag)) throw invalid(text, `the tag ${tag} is none`, TAG_RULE);
  if (/^[0-9a-f]{64}$/.test(name))
    throw invalid(text, 'that is a digest, not a name', `To name an image by its digest: NAME@sha256:${name}`);

  const { domain, path } = splitDomain(name);
  if (!isDomain(domain)) throw invalid(text, `${domain} is no host`);
  for (const component of path.split('/')) {
    if (!PATH_COMPONENT.test(component)) throw invalid(text, whyNoComponent(component), NAME_RULE);
  }
  if (domain.length + 1 + path.length > NAME_MAX_LENGTH)
    throw invalid(text, `the name has more than ${NAME_MAX_LENGTH} letters`);
  return { domain, path, tag: tag ?? (digest === null ? 'latest' : null), digest };
}

/** The reference in full: `docker.io/library/debian:12`. It is what the store knows an image by. */
export function showReference({ domain, path, tag, digest }: Reference): string {
  return `${domain}/${path}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

/** The reference as people write it: `debian:12`. In full where the short form would stand for another. */
export function showFamiliar(reference: Reference): string {
  const { domain, path } = reference;
  const full = showReference(reference);
  const shortest = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path;
  const short = [shortest, path].find((name) => {
    const read = splitDomain(name);
    return read.domain === domain && read.path === path;
  });
  return short === undefined ? full : `${short}${full.slice(domain.length + 1 + path.length)}`;
}

/** Parts of a text before and after the character at `index`; -1 for a character that it does not have. */
function splitAt(text: string, index: number): [before: string, after: string | null] {
  return index === -1 ? [text, null] : [text.slice(0, index), text.slice(index + 1)];
}

/** As splitDockerDomain of distribution/reference. */
function splitDomain(name: string): { domain: string; path: string } {
  const [first, rest] = splitAt(name, name.indexOf('/'));
  const isDomain = rest !== null && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const domain = isDomain ? first : DEFAULT_DOMAIN;
  const path = isDomain ? (rest ?? '') : name;
  if (domain !== DEFAULT_DOMAIN && domain !== `index.${DEFAULT_DOMAIN}`) return { domain, path };
  return { domain: DEFAULT_DOMAIN, path: path.includes('/') ? path : `${OFFICIAL}${path}` };
}

function isDomain(domain: string): boolean {
  const match = DOMAIN.exec(domain);
  return match !== null && Number(match[1] ?? 1) <= 65535;
}

function checkDigest(text: string, digest: string): void {
  const [algorithm = '', digits = ''] = digest.split(':');
  const expected = DIGITS.get(algorithm);
  if (!DIGEST.test(digest))
    throw invalid(text, `the digest ${digest} is none`, 'A digest is: sha256: and 64 hexadecimal digits.');
  if (expected !== undefined && !(digits.length === expected && /^[0-9a-f]+$/.test(digits))) {
    throw invalid(
      text,
      `the digest ${digest} is none`,
      `After ${algorithm}: come ${expected} hexadecimal digits, in lower case.`,
    );
  }
}

function whyNoComponent(component: string): string {
  if (component === '') return 'a part of the name is empty';
  return component === component.toLowerCase()
    ? `${component} cannot be part of a name`
    : `${component} cannot be part of a name: it must be in lower case`;
}

const NAME_RULE = 'A name is lower-case letters and digits, in between . _ __ or -, with / between its parts.';
const TAG_RULE = 'A tag is up to 128 letters, digits, _ . and -, and starts with none of the last two.';

function invalid(text: string, why: string, hint?: string): ImageError {
  return new ImageError('invalid', `no image can be called ${JSON.stringify(text)}: ${why}`, hint);
}
