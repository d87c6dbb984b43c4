/** Sizes for people, in the units of docker(1). */
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes: `999 B`, `1.5 kB`, `48 MB`. */
export function showSize(bytes: number): string {
  let [size, unit] = [bytes, 0];
  // What would be shown as 1000 is one of the next unit.
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit > 0 && size < 9.95 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit]}`;
}

/** `sha256:0123456789ab…` → `0123456789ab`: enough to tell images apart. */
export function showDigest(digest: string): string {
  return digest.slice('sha256:'.length).slice(0, 12);
}
