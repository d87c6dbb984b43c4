/** What all commands have in common: how words become a command, and what is said of those that make no sense. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scratchDirectory } from './support/scratch.ts';

const bin = fileURLToPath(new URL('../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

/** With a store of its own, since a pull makes one. */
const env = { ...process.env, NS_TOOL_STORE: scratchDirectory() };

function nsTool(words: readonly string[], stderr: 'pipe' | number = 'pipe') {
  return spawnSync(process.execPath, [bin, ...words], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', stderr] });
}

describe('words behind two dashes', () => {
  it.each<[readonly string[], number, RegExp]>([
    [['diff', '--', 'self', 'self'], 0, /^$/],
    [['diff', '--', 'none', 'self'], 2, /^ns-tool: openat\(AT_FDCWD, "none"/],
    [['reach', '--', 'mnt'], 2, /^error: not an absolute path: "mnt"\n/],
    [['proc', '--', '4194305'], 1, /\nThere is no process 4194305/],
    [['mounts', '--', '/', '/'], 2, /^error: unexpected argument: \/\n/],
    [['stop', '--', 'no-such'], 1, /^ns-tool: no such container: no-such\n/],
    [['rm', '--', 'no-such'], 1, /^ns-tool: no such container: no-such\n/],
    [['pull', '--', './none'], 1, /^ns-tool: the image cannot be read/],
  ])('are operands of a command that runs none: %j', (words, status, message) => {
    const outcome = nsTool(words);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.status).toBe(status);
  });

  it.each(['ps', 'images', 'ls', 'check-caps', 'cleanup'])('are refused by a command without operands: %s', (name) => {
    const { stdout, stderr, status } = nsTool([name, '--', 'x']);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(/^error: unexpected argument: x\n/);
  });
});

describe('an unexpected argument', () => {
  it.each<[readonly string[], string]>([
    [['mounts', '/a', '/b'], '/b'],
    [['mounts', '/a', '--list', '--', '/b', '/c'], '/b'],
    [['proc', '1', '2'], '2'],
    [['images', 'a, b'], 'a, b'],
    [['mounts', '/a', 'json', '--json'], 'json'],
    [['mounts', '/a', 'l', '-l'], 'l'],
  ])('is named: the first word that is too many of %j', (words, word) => {
    const { stdout, stderr, status } = nsTool(words);
    const message = `error: unexpected argument: ${word}\nTry: ns-tool ${words[0]} --help\n`;
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: message, status: 2 });
  });

  it.each<[readonly string[], string]>([
    [['ps', 'x'], 'Try: ns-tool ps --help'],
    [['cleanup', 'x'], 'Try: ns-tool cleanup --help'],
    [['uts', 'sh'], 'A command to run comes after two dashes: ns-tool uts -- sh'],
    [['slave', 'sh'], 'A command to run comes after two dashes: ns-tool slave -- sh'],
  ])('is taken for a command to run only where one is run: %j', (words, hint) => {
    const { stderr, status } = nsTool(words);
    expect({ stderr, status }).toEqual({ stderr: `error: unexpected argument: ${words[1]}\n${hint}\n`, status: 2 });
  });
});

describe('a mistake', () => {
  it.each<[readonly string[], string]>([
    [[''], 'unknown command: ""\nTry: ns-tool --help'],
    [['xy'], 'unknown command: xy\nTry: ns-tool --help'],
    [['sl'], 'unknown command: sl\nDid you mean ls?'],
    [['--', 'sl'], 'unknown command: sl\nDid you mean ls?'],
    [['sl', 'x'], 'unknown command: sl\nDid you mean ls?'],
    [['-h'], 'unknown option: -h\nTry: ns-tool --help'],
    [['mount', '--version'], 'unknown option: --version\nTry: ns-tool mount --help'],
    [['--versoin'], 'unknown option: --versoin\nDid you mean --version?'],
    [['mount', '--json=no'], '--json takes no value\nTry: ns-tool mount --help'],
    [['diff', '--json=1', 'self', 'self'], '--json takes no value\nTry: ns-tool diff --help'],
    [['stop', '--json=1', 'x'], '--json takes no value\nTry: ns-tool stop --help'],
  ])('is told as what it is: %j', (words, message) => {
    const { stdout, stderr, status } = nsTool(words);
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: `error: ${message}\n`, status: 2 });
  });

  it.each<[readonly string[], string]>([
    [['\x1b[31m'], 'unknown command: \\033[31m'],
    [['mount', '\x1b[31m'], 'unexpected argument: \\033[31m'],
    [['mount', '--\x1b[31m'], 'unknown option: --\\033[31m'],
    [['unshare', '--\x1b[31m'], 'unknown option: --\\033[31m'],
    [['stop', 'a\x1b[31m', '--jsn\x1b'], 'unknown option: --jsn\\033'],
    [['a\u202etxt'], 'unknown command: a\\342\\200\\256txt'],
    [['mounts', '--graph', 'a\x1b[31m\nb'], 'cannot tell what to draw into a\\033[31m\\012b'],
  ])('does not drive the terminal, nor turn the direction of text: %j', (words, message) => {
    const { stderr, status } = nsTool(words);
    expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
    expect(stderr).not.toContain('\x1b');
    expect(status).toBe(2);
  });

  it.skipIf(!existsSync('/dev/full')).each<[readonly string[], number]>([
    [['moutn'], 2],
    [['proc', '4194305'], 1],
    [['unshare', 'no-such-program'], 127],
  ])('has its status also where it cannot be told: %j', (words, status) => {
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    expect(nsTool(words, full).status).toBe(status);
  });
});

describe('the status of what ns-tool could not do', () => {
  it.each<[readonly string[], number]>([
    [['exec', 'no-such', 'true'], 125],
    [['exec', 'no-such', '--', 'true'], 125],
    [['stop', '--', 'no-such'], 1],
    [['reach', '/proc/self/status/x'], 1],
  ])('is 125 where a command would have been run: %j', (words, status) => {
    expect(nsTool(words).status).toBe(status);
  });
});

describe('a word that is not UTF-8', () => {
  it.each([
    ['unshare', 'printf', '%s'],
    ['mount', '--target'],
    ['diff', 'self'],
  ])('is refused, and not taken for another: %s %s', (...words) => {
    const script = 'exec "$@" "$(printf "/a\\303\\251\\377")"';
    const { stdout, stderr, status } = spawnSync('sh', ['-c', script, 'sh', process.execPath, bin, ...words], {
      encoding: 'utf8',
    });
    const message =
      'error: not UTF-8: /aé\\377\nNode.js would take it for another word: give it another name, as by a link.\n';
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: message, status: 2 });
  });

  it('is none that has the sign for what is none', () => {
    expect(nsTool(['unshare', 'printf', '%s', 'a\ufffd'])).toMatchObject({ stdout: 'a\ufffd', stderr: '', status: 0 });
  });
});

describe('a working directory that has been removed', () => {
  it.each<[readonly string[], number, RegExp]>([
    [['--version'], 0, /^$/],
    [['diff', 'self', 'self'], 0, /^$/],
    [['ps'], 0, /^$/],
    [['mount', '--size', 'none'], 2, /^error: --size: not a size/],
    [
      ['mount', '--target', 'x'],
      2,
      /^error: --target must be an absolute path: x\nFrom here that would be: --target \/x\n$/,
    ],
    [['unshare', 'true'], 0, /^$/],
    [['unshare', 'no-such-program'], 127, /^ns-tool: no-such-program: command not found\n$/],
    [['mounts', '.'], 1, /^ns-tool: the working directory has been removed\nA relative path leads nowhere/],
    [['cleanup', '--dry-run', '--store', 'x'], 1, /^ns-tool: the working directory has been removed\n/],
    [['mounts', '--graph', 'x.dot'], 1, /^ns-tool: cannot write x.dot: no such file or directory \(ENOENT\)\n/],
    [['pull', './x'], 1, /^ns-tool: the image cannot be read: /],
    [['run', './x', 'true'], 125, /^ns-tool: no such directory: \.\/x\n/],
  ])('is no defect: %j', (words, status, message) => {
    const directory = mkdtempSync(join(tmpdir(), 'ns-tool-test'));
    const script = 'cd "$0" && rmdir "$0" && exec "$@"';
    const command = ['-c', script, directory, process.execPath, bin, ...words];
    const outcome = spawnSync('sh', command, { encoding: 'utf8', env });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.status).toBe(status);
  });
});

describe('a signal', () => {
  // Whether there is a container is looked at only after it.
  it.each(['TERM', 'SIGTERM', 'sigint', '9'])('goes by its name or its number: %s', (signal) => {
    const { stderr, status } = nsTool(['stop', '-s', signal, 'no-such']);
    expect({ stderr, status }).toEqual({
      stderr: 'ns-tool: no such container: no-such\nThose that there are: ns-tool ps\n',
      status: 1,
    });
  });

  it.each(['', 'TRM', '0', 'SIGSIGTERM'])('is no other word: %j', (signal) => {
    const { stderr, status } = nsTool(['stop', '-s', signal, 'no-such']);
    expect({ stderr, status }).toEqual({
      stderr: `error: --signal: not a signal: ${JSON.stringify(signal)}\nGive its name: --signal=TERM\n`,
      status: 2,
    });
  });
});

describe('help', () => {
  it.each([
    ['help', 'reach'],
    ['--help', 'reach'],
    ['reach', '--help'],
  ])('of a command: %s %s', (...words) => {
    const { stdout, stderr, status } = nsTool(words);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^ns-tool reach \[OPTIONS\] PATH\n/);
  });

  it.each([['help'], ['--help']])('of all: %s', (word) => {
    const { stdout, status } = nsTool([word]);
    expect(stdout).toMatch(/^ns-tool COMMAND \[OPTIONS\]\n/);
    expect(status).toBe(0);
  });
});
