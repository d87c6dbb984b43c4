import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { awaited } from '../support/terminal.ts';

const tool = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs';
const ready = '/mnt/neighbour/ready';

/** Types `keys` once the script inside says it is ready, in a terminal of script(1)'s making; returns what it showed. */
async function typed(keys: string, inside: string): Promise<string> {
  const stand = await Stand.forTest();
  await stand.shell(`cat > /mnt/neighbour/inside.sh <<'END'\n${inside}\nEND`);
  const type = `${awaited(ready)}; printf '${keys}'; sleep 2`;
  // exec: a shell in between would die of the Ctrl-C itself, as dash does, and its status would be shown instead.
  const command = `exec ${tool} mount -- sh /mnt/neighbour/inside.sh`;
  return await stand.shell(`(${type}) | script --quiet --return --command '${command}' /dev/null; echo "status $?"`);
}

const hasScript = spawnSync('script', ['--version']).status === 0;
if (!hasScript) console.warn('skipped, since script(1) is not installed: ns-tool mount in a terminal');

describe.skipIf(!hasScript || needsRoot('ns-tool mount in a terminal'))('ns-tool mount in a terminal', () => {
  it('Ctrl-C ends the command, then ns-tool cleans up and ends by the signal', async () => {
    const shown = await typed('\\003', `touch ${ready}; exec sleep 30`);
    expect(shown).toContain('^CCleanup: unmounted and removed /mnt/test_mount');
    expect(shown).toContain('status 130');
  });

  it('a command that takes Ctrl-C gets it once, goes on, and its own status counts', async () => {
    const shown = await typed(
      '\\003',
      `trap 'echo caught' INT; touch ${ready}; sleep 0.4; sleep 0.4; sleep 0.4; exit 3`,
    );
    expect(shown.match(/caught/g)).toHaveLength(1);
    expect(shown).toContain('Cleanup: ');
    expect(shown).toContain('status 3');
  });

  it('a command that takes Ctrl-C, and dies of another signal afterwards, has died of that', async () => {
    const shown = await typed(
      '\\003',
      `trap 'echo caught' INT; touch ${ready}; sleep 0.4; sleep 0.4; sleep 0.4; kill -KILL $$`,
    );
    expect(shown.match(/caught/g)).toHaveLength(1);
    expect(shown).toContain('Cleanup: ');
    expect(shown).toContain('status 137');
  });

  it('the command has the terminal and can read from it', async () => {
    const shown = await typed(
      'hello\\n',
      `touch ${ready}; read -r line; echo "got $line"; test -t 0 && test -t 1 && tty`,
    );
    expect(shown).toContain('got hello');
    expect(shown).toContain('/dev/pts/');
  });
});
