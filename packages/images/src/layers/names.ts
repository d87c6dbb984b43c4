/**
 * What the names of entries mean: a place below the layer's root, and perhaps a whiteout. OCI image specification, layer.md,
 * "Whiteouts". Pure.
 */
import { ImageError } from '../error.ts';
import { REMAKE } from './tar/header.ts';

/** A place below the layer's root: its components, none of them empty, `.` or `..`. The root itself has none. */
export type Place = readonly string[];

/** What an entry's name asks for. */
export type Meaning =
  | { readonly kind: 'entry'; readonly place: Place }
  /** The file of lower layers at this place is gone. */
  | { readonly kind: 'whiteout'; readonly place: Place }
  /** Of lower layers, nothing in this directory is left. */
  | { readonly kind: 'opaque'; readonly place: Place }
  /** The bookkeeping of AUFS, which Docker once used; it leaves it out as well. */
  | { readonly kind: 'aufs' };

const WHITEOUT = '.wh.';
const META = '.wh..wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * @param name as it is in the archive.
 * @throws ImageError `corrupt` for a name that leads out of the layer, or that only overlayfs could have meant otherwise.
 */
export function meaningOf(name: string): Meaning {
  const place = placeOf(name);
  const base = place.at(-1) ?? '';
  if (place[0]?.startsWith(META) && place[0] !== OPAQUE) return { kind: 'aufs' };
  if (place.slice(0, -1).some((component) => component.startsWith(WHITEOUT))) {
    throw bad(name, 'lies below a whiteout');
  }
  if (base === OPAQUE) return { kind: 'opaque', place: place.slice(0, -1) };
  if (base.startsWith(META)) return { kind: 'aufs' };
  if (!base.startsWith(WHITEOUT)) return { kind: 'entry', place };
  const hidden = base.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..') throw bad(name, 'is a whiteout of nothing that can be');
  return { kind: 'whiteout', place: [...place.slice(0, -1), hidden] };
}

/**
 * Where a name lies. The names in a layer are relative to its root, so that one that is absolute, or that climbs up, is
 * either a mistake or an attack; but some tools name the root itself `/`.
 *
 * @throws ImageError `corrupt`.
 */
export function placeOf(name: string): Place {
  const components = name.split('/').filter((component) => component !== '' && component !== '.');
  if (name === '') throw bad(name, 'has no name');
  if (name.startsWith('/') && components.length > 0) throw bad(name, 'has an absolute name');
  for (const component of components) {
    if (component === '..') throw bad(name, 'leads upward by `..`');
    if (component.length > NAME_MAX) throw bad(name, `has a name of more than ${NAME_MAX} bytes`);
  }
  if (name.length >= PATH_MAX) throw bad(name, `has a path of more than ${PATH_MAX - 1} bytes`);
  return components;
}

/** linux/limits.h; a path counts with the NUL at its end. */
const NAME_MAX = 255;
const PATH_MAX = 4096;

/** An entry that cannot be, as an error. */
export function bad(name: string, why: string, hint = REMAKE): ImageError {
  return new ImageError('corrupt', `the layer's entry ${shown(name)} ${why}`, hint);
}

/** A name for people: as text, where it is UTF-8, and not longer than a line. */
export function shown(name: string): string {
  const text = Buffer.from(name, 'latin1').toString();
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
