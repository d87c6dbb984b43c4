/** `ns-tool pull`, `images` and `rmi`, as processes. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dirSync } from 'tmp-promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { showSize } from '../../packages/ns-tool/src/image-store/amounts.ts';
import { lineFor } from '../../packages/ns-tool/src/image-store/progress.ts';
import { tableOf } from '../../packages/ns-tool/src/image-store/table.ts';
import { hasTerminals } from '../support/terminal.ts';
import { makeLayout, push } from './support/layout.ts';
import { lacks, type Registry, startRegistry } from './support/registry.ts';

const bin = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

function temporaryFolder(): string {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  onTestFinished(removeCallback);
  return name;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command with a store of its own. Not synchronously: the registry, if it is this process’s child, must be able to answer. */
function tool(store: string, ...args: readonly string[]): Promise<Ended> {
  return ended(process.execPath, [bin, ...args], store);
}

async function ended(program: string, args: readonly string[], store: string): Promise<Ended> {
  const child = spawn(program, args, {
    env: { ...process.env, NS_TOOL_STORE: store },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

const lacking = lacks('ns-tool pull from a registry', 'docker-registry', 'skopeo', 'umoci');

describe.skipIf(lacking)('ns-tool pull, images and rmi', () => {
  let registry: Registry;
  let name: string;
  beforeAll(async () => {
    registry = await startRegistry();
    const { name: folder, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
    name = push(makeLayout(folder), '1', registry.host, 'team/tool:1');
    removeCallback();
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
  });

  it('pull says what it does in lines, and prints the name and the digest', async () => {
    const store = join(temporaryFolder(), 'store');
    const { status, stdout, stderr } = await tool(store, 'pull', name);
    expect(stdout).toMatch(new RegExp(`^${name} sha256:[0-9a-f]{64}\n$`));
    const [first, ...rest] = stderr.trimEnd().split('\n');
    expect(first).toMatch(new RegExp(`^${name}: 3 layers, \\d+ kB$`));
    expect(rest.filter((line) => /^[0-9a-f]{12}: complete and verified, /.test(line))).toHaveLength(3);
    expect(rest.filter((line) => /^[0-9a-f]{12}: unpacked$/.test(line))).toHaveLength(3);
    expect(status).toBe(0);
    const again = await tool(store, 'pull', name);
    expect(again.stderr.match(/already there/g)).toHaveLength(3);
    expect(again.stdout).toBe(stdout);
  });

  it('pull draws bars on a terminal', async () => {
    const store = join(temporaryFolder(), 'store');
    const line = `LANG=C TERM=xterm ${process.execPath} ${bin} pull ${name}`;
    const { status, stdout } = await ended('script', ['-qec', line, '/dev/null'], store);
    expect(stdout).toMatch(/[0-9a-f]{12} #{24} +\d+ k?B done/);
    // What a signal would leave behind: no cursor, no line wrap.
    expect(stdout).not.toContain('\u001b[?');
    expect(stdout).toContain('sha256:');
    expect(status).toBe(0);
  });

  it('pull --json prints the image, and nothing else', async () => {
    const { stdout, stderr } = await tool(join(temporaryFolder(), 'store'), 'pull', '--json', name);
    expect(JSON.parse(stdout)).toMatchObject({ name, config: { entrypoint: ['/bin/tool'] }, layers: { length: 3 } });
    expect(stderr).toBe('');
  });

  it('images lists them, and rmi removes them', async () => {
    const store = join(temporaryFolder(), 'store');
    const { stdout } = await tool(store, 'pull', name);
    const digest = stdout.split('sha256:')[1]?.trim() ?? '';
    expect((await tool(store, 'images')).stdout).toMatch(
      new RegExp(
        `^NAME +DIGEST +PLATFORM +SIZE +PULLED\n${name} +${digest.slice(0, 12)} +linux/\\w+ +\\d+ kB +[-0-9]+ [0-9:]+\n$`,
      ),
    );
    expect(JSON.parse((await tool(store, 'images', '--json')).stdout)).toMatchObject([
      { name, digest: `sha256:${digest}` },
    ]);
    const removed = await tool(store, 'rmi', digest.slice(0, 12), 'nothing');
    expect(removed.stdout).toMatch(new RegExp(`^removed ${name}\nfreed \\d+ kB\n$`));
    expect(removed.stderr).toBe('ns-tool: no such image: nothing\nThere are none.\n');
    expect(removed.status).toBe(1);
    expect((await tool(store, 'images', '--json')).stdout).toBe('[]\n');
  });

  it('images lists one that is damaged, and rmi removes it', async () => {
    const store = join(temporaryFolder(), 'store');
    await tool(store, 'pull', name);
    rmSync(join(store, 'layers'), { recursive: true });
    expect((await tool(store, 'images')).stdout).toContain(' damaged ');
    expect(await tool(store, 'rmi', name)).toMatchObject({ status: 0 });
    expect((await tool(store, 'images', '--json')).stdout).toBe('[]\n');
  });

  it('pull explains what is wrong, and what to do', async () => {
    const store = join(temporaryFolder(), 'store');
    const fails = async (...args: string[]) => {
      const { status, stderr } = await tool(store, 'pull', ...args);
      return `${status} ${stderr}`;
    };
    expect(await fails(`${registry.host}/team/tool:2`)).toBe(
      `1 ns-tool: ${registry.host}/team/tool has no tag 2\nThere are: 1\n`,
    );
    expect(await fails('127.0.0.1:1/x')).toMatch(
      /^1 ns-tool: 127.0.0.1:1 refuses the connection \(ECONNREFUSED\)\nNothing listens there/,
    );
    expect(await fails('Debian')).toMatch(/^2 error: no image can be called "Debian": .*lower case\n/);
    expect(await fails('--platform', 'linux', name)).toMatch(/^2 error: not a platform: "linux"\n/);
    expect(await fails('./missing')).toMatch(
      /^1 ns-tool: the image cannot be read: ENOENT.*\nThere is no such file or directory\.\n$/,
    );
    expect(await fails()).toMatch(/^2 error: one image is wanted/);
  });
});

describe('ns-tool pull from a file', () => {
  it('takes what starts with a dot or a slash', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'root/etc'), { recursive: true });
    writeFileSync(join(folder, 'root/etc/file'), 'x');
    const store = join(folder, 'store');
    const { status, stdout, stderr } = await tool(store, 'pull', '--name', 'mine:1', join(folder, 'root'));
    expect(stdout).toMatch(/^docker.io\/library\/mine:1 sha256:/);
    expect(stderr).toMatch(/^docker.io\/library\/mine:1: 1 layer, [\d.]+ kB\n[0-9a-f]{12}: unpacked\n$/);
    expect(status).toBe(0);
    expect((await tool(store, 'images')).stdout).toMatch(/^mine:1 /m);
    expect((await tool(store, 'rmi', 'mine:1')).stdout).toMatch(/^removed docker.io\/library\/mine:1\nfreed /);
  });

  it.skipIf(!hasTerminals('the width of ns-tool images'))(
    'is listed in lines that a terminal has room for',
    async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, 'root'));
      const store = join(folder, 'store');
      await tool(store, 'pull', '--name', 'example.com/mine:1', join(folder, 'root'));
      const whole = (await tool(store, 'images')).stdout.split('\n');
      const shown = async (line: string) =>
        (await ended('script', ['-qec', line, '/dev/null'], store)).stdout.split('\r\n');
      const images = `stty cols 40; ${process.execPath} ${bin} images`;
      expect(await shown(images)).toEqual(whole.map((line) => (line === '' ? '' : `${line.slice(0, 39)}…`)));
      expect(await shown(`${images} | cat`)).toEqual(whole);
    },
  );

  it('says where the store cannot be made', async () => {
    // A file in the place of a directory: what every machine refuses.
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'store'), '');
    const { status, stderr } = await tool(join(folder, 'store'), 'pull', folder);
    expect(stderr).toMatch(/^.*ns-tool: the store cannot be made: E\w+.*\n.+\n$/);
    expect(status).toBe(1);
    expect((await tool('/proc/no-such/store', 'pull', folder)).stderr).toContain('the store cannot be made: ENOENT');
  });
});

describe('texts', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9949, '9.9 kB'],
    [9951, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [48_300_000, '48 MB'],
    [5e15, '5000 TB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(showSize(bytes)).toBe(text);
  });

  it('of others do not drive the terminal', () => {
    const name = 'x\u001b[31m';
    const row = { name, digest: `sha256:${'0'.repeat(64)}`, platform: name, size: 1, when: '2026-01-01T00:00:00Z' };
    expect(tableOf([row], null).join('\n')).not.toContain('\u001b');
    expect(lineFor({ stage: 'resolved', name, layers: [] })).not.toContain('\u001b');
  });
});
