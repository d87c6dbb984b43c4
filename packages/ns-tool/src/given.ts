/** Options as the parser makes them where they may be given again: one value, or a list. Pure. */

/** All values of an option. */
export function all(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** The value of an option that counts once: the last, as getopt(3) has it. */
export function one(value: string | readonly string[]): string {
  return all(value).at(-1) ?? '';
}

export function isSet(value: boolean | readonly boolean[] | undefined): boolean {
  return Array.isArray(value) || value === true;
}
