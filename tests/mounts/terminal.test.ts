/** How the command looks in a terminal, of script(1)'s making: its width, its colours, its legend. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../support/scratch.ts';

const program = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));
const table = join(scratchDirectory(), 'table');
const TABLE = `20 1 8:1 / / rw,relatime shared:3 - ext4 /dev/disk/by-id/a-long-name rw,errors=remount-ro,discard
21 20 0:5 / /a rw master:3 - tmpfs tmpfs rw
22 21 0:6 / /a rw - tmpfs tmpfs rw
`;
beforeAll(() => writeFileSync(table, TABLE));

/** The lines that it shows in a terminal so wide. */
function shown(columns: number, args = '', env = ''): string[] {
  const command = `stty cols ${columns}; ${env} ${process.execPath} ${program} mounts -F ${table} ${args}`;
  const { stdout, status } = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(status).toBe(0);
  return stdout.replaceAll('\r', '').split('\n').slice(0, -1);
}

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('skipped, since script(1) is not installed: ns-tool mounts in a terminal');

describe.skipIf(!hasScript)('ns-tool mounts in a terminal', () => {
  it.each([200, 99, 80, 60, 40, 20, 5])('of %i columns needs no more', (columns) => {
    const lines = shown(columns).map(stripVTControlCharacters);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(
      lines
        .slice(0, 4)
        .map((line) => line.length)
        .some((length) => length === columns),
    ).toBe(columns <= 99);
    expect(lines[1]?.includes('…')).toBe(columns < 99);
  });

  it('has colours, and a legend', () => {
    const lines = shown(120).map((line) => line.replaceAll('\x1b', '␛'));
    expect(lines[0]).toContain('␛[1mTARGET␛[22m');
    expect(lines[1]).toMatch(/␛\[36mshared:3␛\[39m$/);
    expect(lines[2]).toMatch(/^␛\[2m└─\/a \(covered\)␛\[22m .*␛\[36mslave of 3␛\[39m$/);
    expect(lines[3]).toMatch(/^␛\[2m {2}└─␛\[22m\/a .*␛\[2mprivate␛\[22m$/);
    expect(lines.slice(4).map((line) => stripVTControlCharacters(line.replaceAll('␛', '\x1b')).split('  ')[0])).toEqual(
      ['', 'shared:N', 'slave of N', '(covered)'],
    );
  });

  it.each(['NO_COLOR=1', 'FORCE_COLOR=0', 'TERM=dumb'])('has none with %s, but is as wide', (env) => {
    const lines = shown(60, '', env);
    expect(lines.join('')).not.toContain('\x1b');
    expect(lines[0]?.length).toBeLessThanOrEqual(60);
    expect(lines[1]).toContain('…');
  });

  it('has no legend where columns are chosen, or headings are not wanted', () => {
    for (const args of ['-o TARGET,PROPAGATION', '-n']) {
      expect(shown(120, args).map(stripVTControlCharacters).join('\n')).not.toContain('receives');
    }
  });

  it('cuts nothing that is for programs', () => {
    for (const args of ['-J', '-r', '-P']) expect(shown(20, args).join('\n')).toContain('errors=remount-ro,discard');
  });
});
