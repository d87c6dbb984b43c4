/** The escapes of a mount table: a byte that would end a field is written as three octal digits, `\040`. */
import { characterOf, fromBytes, octal, toBytes } from './names.ts';

/** What the kernel escapes in a path (seq_path and seq_dentry in fs/seq_file.c, with " \t\n\\"). */
export const IN_PATH = /[ \t\n\\]/g;

/** What it escapes in a source or type (mangle in fs/proc_namespace.c). A # would start a comment in fstab(5). */
export const IN_NAME = /[ \t\n\\#]/g;

/** What it escapes in an option (seq_show_option in linux/seq_file.h). */
export const IN_OPTION = /[ \t\n\\,]/g;

/** What it escapes within quotes, where a comma ends nothing. */
export const IN_QUOTES = /[ \t\n\\"]/g;

export function escaped(name: string, special: RegExp): string {
  return name.replace(special, (character) => octal(character.charCodeAt(0)));
}

/** The name in a field. A backslash that starts no escape stands for itself: filesystems write what they like. */
export function unescaped(field: string): string {
  if (!field.includes('\\')) return field;
  const name = field.replace(/\\([0-3][0-7]{2})/g, (_, digits) => characterOf(Number.parseInt(digits, 8)));
  // Escapes name bytes, of which several may make one character.
  return name.isWellFormed() ? name : fromBytes(toBytes(name));
}
