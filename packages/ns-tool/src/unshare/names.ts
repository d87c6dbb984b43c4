/** Users and groups by name: passwd(5), group(5). */
import { readFileSync } from 'node:fs';

/** The ID that a file gives to a name, or null. Both files have lines of `NAME:PASSWORD:ID:…`. */
export function idNamed(name: string, file: '/etc/passwd' | '/etc/group'): number | null {
  const line = linesOf(file)
    .map((text) => text.split(':'))
    .find(([owner]) => owner === name);
  return line === undefined ? null : Number(line[2]);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
