/** A store on a disk that has no room left, or is read-only: a tmpfs in a mount namespace of its own. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';

const bin = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

const images = fileURLToPath(new URL('../../packages/images/dist/index.js', import.meta.url));

/**
 * Runs a script on a disk of its own, in /mnt, with the store `store`, and no containers; `tool` is ns-tool, and `fill` leaves no room.
 *
 * @returns what it prints, errors too.
 */
function onDisk(options: string, script: string, env: NodeJS.ProcessEnv = {}): string {
  const beginning = `
    mount -t tmpfs states /run
    mount -t tmpfs -o ${options} disk /mnt; cd /mnt
    tool() { ${process.execPath} ${bin} "$@" 2>&1; }
    fill() { while head -c 4096 /dev/zero 2>/dev/null >> fill; do :; done; }
    mkdir one two; echo one > one/file; echo two > two/file`;
  return execFileSync('unshare', ['--mount', 'sh', '-c', `${beginning}\n${script}`], {
    env: { ...process.env, NS_TOOL_STORE: '/mnt/store', ...env },
    encoding: 'utf8',
  });
}

const noRoot = needsRoot('stores on disks that are full, or read-only');

describe.skipIf(noRoot)('on a full disk', () => {
  it.each([
    ['no room', 'size=1m', 'fill'],
    ['no inode', 'nr_inodes=100', 'i=0; while mkdir "fill-$i" 2>/dev/null; do i=$((i + 1)); done'],
  ])('with %s left, rmi removes images, one after the other', (_what, options, fill) => {
    const names = ['one', 'two'];
    const pulls = names.map((name) => `tool pull --json ./${name} >/dev/null`).join('; ');
    const said = onDisk(options, `${pulls}; ${fill}; tool rmi one; ${fill}; tool rmi two; tool images --json`);
    const removed = (name: string) => `removed docker.io/library/${name}:latest\nfreed [\\d.]+ kB\n`;
    expect(said).toMatch(new RegExp(`^${names.map(removed).join('')}\\[\\]\n$`));
  });

  it('rmi removes an image while others take whatever is free', () => {
    const take = `const fd = fs.openSync('taken', 'a'); for (;;) try { fs.writeSync(fd, Buffer.alloc(4096)) } catch {}`;
    const said = onDisk(
      'size=1m',
      `tool pull --json ./one >/dev/null; ${process.execPath} -e "${take}" & taking=$!
       until [ -s taken ] && ! head -c 4096 /dev/zero 2>/dev/null >> fill; do :; done; tool rmi one; kill $taking`,
    );
    expect(said).toMatch(/^removed docker.io\/library\/one:latest\nfreed [\d.]+ kB\n$/);
  });

  it('cleanup removes what a pull has left', () => {
    const said = onDisk('size=1m', 'tool pull --json ./one >/dev/null; cp -r one store/tmp/0123; fill; tool cleanup');
    expect(said).toMatch(/^Removed [\d.]+ kB that no image needs\n$/);
  });

  it('pull of a directory says so, and leaves the store as it was', () => {
    const said = onDisk(
      'size=3m',
      `head -c 2000000 /dev/zero > two/large; tool pull --json ./one >/dev/null
       tool pull ./two; ls store/tmp; tool images --json | grep '"name"'`,
    );
    expect(said).toMatch(
      /^ns-tool: the store \/mnt\/store: ENOSPC: .*\nThe disk is full\. .*\n +"name": ".*\/one:latest",\n$/,
    );
  });

  it('a program that imports a directory is told so, and no file of it is left open', () => {
    const program = `
      import { readdirSync, readlinkSync } from 'node:fs';
      import { openStore } from '${images}';
      for (let i = 0; i < 5; i++) await openStore('/mnt/store').importFrom('/mnt/two').catch(({ code }) => console.log(code));
      const open = () => readdirSync('/proc/self/fd').some((fd) => {
        try { return readlinkSync('/proc/self/fd/' + fd).startsWith('/mnt/two/') } catch { return false }
      });
      while (open()) await new Promise((resolve) => setTimeout(resolve, 10));`;
    const command = `timeout 20 ${process.execPath} --input-type=module -e "$PROGRAM" && echo closed`;
    const said = onDisk('size=3m', `head -c 2000000 /dev/zero > two/large; ${command}`, { PROGRAM: program });
    expect(said).toBe(`${'store\n'.repeat(5)}closed\n`);
  });
});

describe.skipIf(noRoot)('on a read-only disk', () => {
  const REFUSED =
    /^ns-tool: the store \/mnt\/store: EROFS: .*\nMake it writable, .* --store DIR, or set NS_TOOL_STORE\.\n$/;

  it.each([
    ['pull ./two', 1, REFUSED],
    ['rmi one', 1, REFUSED],
    ['cleanup', 1, REFUSED],
    ['run one true', 125, REFUSED],
    ['run ./two true', 125, /^ns-tool: cannot make .*\(EROFS\)\n.* --store DIR, or set NS_TOOL_STORE\.\n$/],
    ['pull --store new ./two', 1, /^ns-tool: the store cannot be made: EROFS: .*\nMake it writable, .*\n$/],
  ])('%s says so, and what to do', (command, status, message) => {
    const said = onDisk(
      'size=9m',
      `tool pull --json ./one >/dev/null; mount -o remount,ro /mnt; tool ${command}; echo "status $?"; tool images --json`,
    );
    const [before, after = ''] = said.split(`status ${status}\n`);
    expect(before).toMatch(message);
    expect(JSON.parse(after)).toMatchObject([{ name: 'docker.io/library/one:latest' }]);
  });
});
