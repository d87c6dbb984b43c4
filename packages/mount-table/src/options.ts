/** Options as a mount table has them: `rw,lowerdir=/a\054b`. */
import { escaped, IN_OPTION, IN_QUOTES, unescaped } from './escapes.ts';

/** How a context of SELinux starts that has commas, hence quotes (selinux_sb_show_options in security/selinux/hooks.c). */
const QUOTED = /^(?:fs|def|root)?context="/;

/** An option, found where one starts. Nobody but SELinux quotes. */
const OPTION = /(?<=^|,)(?:(?:fs|def|root)?context="[^"]*"(?=,|$)|[^,]*)/g;

/** Reads options. Most mounts have the same as another; those get the same array, which cannot be changed. */
export function optionsReader(): (text: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (text) => {
    let options = known.get(text);
    if (options === undefined) {
      const parts = text.includes('context="') ? (text.match(OPTION) ?? []) : text.split(',');
      options = Object.freeze(text.includes('\\') ? parts.map(unescaped) : parts);
      known.set(text, options);
    }
    return options;
  };
}

export function formatOptions(options: readonly string[]): string {
  return options.map(formatOption).join(',');
}

function formatOption(option: string): string {
  const start = QUOTED.exec(option)?.[0];
  if (start === undefined) return escaped(option, IN_OPTION);
  const rest = option.slice(start.length);
  if (rest.endsWith('"')) return `${start}${escaped(rest.slice(0, -1), IN_QUOTES)}"`;
  // A quote that does not close must not be taken for one that does.
  return `${start.slice(0, -1)}\\042${escaped(rest, IN_OPTION)}`;
}
