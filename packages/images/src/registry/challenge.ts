/** What a server wants to know before it answers: `WWW-Authenticate`. RFC 9110, section 11.6.1; RFC 6750 for Bearer. */

export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** By name, in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** `name = `, before a parameter's value; no `token68`, which ends with its `=`. */
const PARAMETER_NAME = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?=["!#$%&'*+.^_`|~0-9A-Za-z-])/y;
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const SPACE = /[ \t]*/y;
const COMMAS = /[ \t,]*/y;

/** A registry has no reason to send more; beyond that, the rest is not read. */
const MAX_LENGTH = 16 * 1024;

/** The challenges of a header, as far as it can be read: what comes after a mistake is left out. */
export function parseChallenges(header: string): Challenge[] {
  const text = header.slice(0, MAX_LENGTH);
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };

  for (;;) {
    take(COMMAS);
    const scheme = take(TOKEN)?.[0].toLowerCase();
    if (scheme === undefined) return challenges;
    const parameters: Record<string, string> = Object.create(null);
    challenges.push({ scheme, parameters });
    take(SPACE);
    for (;;) {
      const start = at;
      take(COMMAS);
      const name = take(PARAMETER_NAME)?.[1]?.toLowerCase();
      if (name === undefined) {
        at = start;
        break;
      }
      const value = take(QUOTED)?.[1]?.replace(/\\([\s\S])/g, '$1') ?? take(TOKEN)?.[0];
      if (value === undefined) return challenges;
      // The first of two is the one that the others will have read.
      parameters[name] ??= value;
    }
    if (Object.keys(parameters).length === 0) take(TOKEN68);
    take(SPACE);
    if (at < text.length && text[at] !== ',') return challenges;
  }
}
