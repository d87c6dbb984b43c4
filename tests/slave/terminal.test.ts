import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { awaited } from '../support/terminal.ts';

const tool = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs';
const directory = '/mnt/neighbour';

/**
 * Runs a script in a terminal of script(1)'s making and returns what it showed. Types each of `keys` once the file that it
 * goes with is there, and closes the terminal when the script has ended.
 */
async function typed(script: string, keys: readonly (readonly [file: string, keys: string])[]): Promise<string> {
  const stand = await Stand.forTest();
  await stand.shell(
    `cat > ${directory}/script.sh <<'END'\ncd ${directory}\n${script}\necho "status $?"; touch ended\nEND`,
  );
  const there = (file: string) => awaited(`${directory}/${file}`);
  const type = keys.map(([file, keys]) => `${there(file)}; printf '${keys}'`).join('; ');
  return await stand.shell(
    `(${type}; ${there('ended')}) | timeout 50 script --quiet --command 'bash ${directory}/script.sh' /dev/null`,
  );
}

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('skipped, since script(1) is not installed: ns-tool slave in a terminal');

describe.skipIf(!hasScript || needsRoot('ns-tool slave in a terminal'))('ns-tool slave in a terminal', () => {
  it('Ctrl-C ends the command, and ns-tool by the signal', async () => {
    const shown = await typed(`trap : INT; ${tool} slave -- sh -c "touch ready; exec sleep 30"`, [['ready', '\\003']]);
    expect(shown).toContain('Starting sh inside a mount namespace.');
    expect(shown).toContain('status 130');
  });

  it('a shell is interactive, goes on after Ctrl-C, and its own status counts', async () => {
    // Files are made by the shell itself: while a child of it does that, the child has the terminal, and gets the Ctrl-C.
    const shown = await typed(
      `mount -t tmpfs x /mnt/existing; echo 'HISTFILE=; trap ": > caught" INT; : > ready' > rc
       ${tool} slave -- bash --noprofile --init-file rc -i`,
      [
        ['ready', 'umount /mnt/existing && : > unmounted\\n'],
        ['unmounted', '\\003'],
        ['caught', 'exit 3\\n'],
      ],
    );
    expect(shown).toContain('Starting bash inside a mount namespace.');
    expect(shown).toContain('status 3');
  });
});
