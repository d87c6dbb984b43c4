/** When output is in colour: one rule, for all commands. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatMountinfo } from '@ns-tool/mount-table';
import { beforeAll, describe, expect, it } from 'vitest';
import { wantsColours } from '../packages/ns-tool/src/terminal.ts';
import { table } from './mount-table/tables.ts';
import { needsRoot } from './support/privilege.ts';
import { scratchDirectory } from './support/scratch.ts';

const program = fileURLToPath(new URL('../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));
const folder = scratchDirectory();

const saved = (name: string, ...lines: string[]): string => {
  const file = join(folder, name);
  beforeAll(() => writeFileSync(file, formatMountinfo(table(...lines))));
  return file;
};
const [before, after] = [saved('before', '20 1 /'), saved('after', '20 1 /', '21 20 /mnt shared:1')];

it.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: 'false' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
])('with %j on a terminal (%s) colours are wanted: %s', (env, isTerminal, wanted) => {
  expect(wantsColours(env, isTerminal)).toBe(wanted);
});

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('skipped, since script(1) is not installed: colours in a terminal');

const tool = `${process.execPath} ${program}`;
const commands = [
  ['mounts', `${tool} mounts -F ${after}`, '/mnt'],
  ['diff', `${tool} diff ${before} ${after}`, '/mnt'],
  ['ls', `${tool} ls`, 'NPROCS'],
  ['reach', `unshare -m --propagation shared ${tool} reach /proc`, 'peer group'],
] as const;

describe.each(commands.filter(([name]) => name !== 'reach' || !needsRoot('colours of ns-tool reach')))(
  'ns-tool %s',
  (_, command, word) => {
    const shell = (line: string) =>
      spawnSync('sh', ['-c', line], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TERM: 'xterm' },
      }).stdout;
    const isColoured = (output: string) => {
      expect(output).toContain(word);
      return output.includes('\x1b[');
    };

    it.each([
      ['', false],
      ['FORCE_COLOR=1', true],
      ['FORCE_COLOR=1 NO_COLOR=1', true],
      ['FORCE_COLOR=0', false],
    ])('in a pipe, with %j: %s', (env, expected) => {
      expect(isColoured(shell(`${env} ${command}`))).toBe(expected);
    });

    it.skipIf(!hasScript).each([
      ['', true],
      ['NO_COLOR=1', false],
      ['TERM=dumb', false],
      ['FORCE_COLOR=0', false],
      ['FORCE_COLOR=1 NO_COLOR=1 TERM=dumb', true],
    ])('in a terminal, with %j: %s', (env, expected) => {
      expect(isColoured(shell(`${env} script --quiet --command '${command}' /dev/null </dev/null`))).toBe(expected);
    });
  },
);
