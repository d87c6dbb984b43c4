/** Containers as a table. Pure. */
import { printable } from '../output.ts';
import { inColumns } from '../text-width.ts';
import type { ContainerState } from './state.ts';

/** A container and whether it runs. */
export interface Listed extends ContainerState {
  readonly running: boolean;
}

const HEADING = ['ID', 'NAME', 'PID', 'STATUS', 'IMAGE', 'COMMAND'];

/**
 * The lines of a table: a heading, and one for each.
 *
 * @param now milliseconds, as Date.now.
 * @param width of the terminal; null for any.
 */
export function toTable(containers: readonly Listed[], now: number, width: number | null): string[] {
  const rows = containers.map(({ id, name, pid, running, starting, created, image, command }) => [
    id,
    name,
    running && !starting ? String(pid) : '-',
    running ? (starting ? 'starting' : `running for ${age(now - Date.parse(created))}`) : 'dead',
    image,
    command.join(' '),
  ]);
  return inColumns([HEADING, ...rows.map((row) => row.map(printable))], width);
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `2 minutes`: in the largest unit of which there is one. */
function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? (['second', 1] as const);
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
