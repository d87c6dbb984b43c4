/** How a command line is read, as getopt_long(3) reads it; and that yargs then reads what is meant. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../packages/ns-tool/src/errors.ts';
import { getopt, type Option, UnknownOption } from '../packages/ns-tool/src/getopt.ts';

/** Options of unshare(1) and, `net`, of nsenter(1), whose letter takes an argument. */
const options: Readonly<Record<string, Option>> = {
  mount: { alias: 'm', type: 'string', shortHasArg: false },
  'mount-proc': { type: 'string' },
  net: { alias: 'n', type: 'string' },
  user: { alias: 'U', type: 'boolean' },
  fork: { alias: 'f', type: 'boolean' },
  'map-root-user': { alias: 'r', type: 'boolean' },
  'map-user': { type: 'string', requiresArg: true },
  'map-users': { type: 'string', requiresArg: true },
  wd: { alias: 'w', type: 'string', requiresArg: true },
};

const read: Readonly<Record<string, readonly (readonly [argv: readonly string[], words: readonly string[]])[]>> = {
  'no options': [
    [[], []],
    [['sh'], ['--', 'sh']],
    [
      ['sh', '-U', '--nope', '--', '--help'],
      ['--', 'sh', '-U', '--nope', '--', '--help'],
    ],
    [['-'], ['--', '-']],
    [
      ['-', '-U'],
      ['--', '-', '-U'],
    ],
    [
      ['', '-U'],
      ['--', '', '-U'],
    ],
    [['--'], ['--']],
    [
      ['--', '-U'],
      ['--', '-U'],
    ],
    [
      ['--', '--', '-U'],
      ['--', '--', '-U'],
    ],
  ],
  'options without an argument': [
    [['--user'], ['--user']],
    [['-U'], ['--user']],
    [['-Urf'], ['--user', '--map-root-user', '--fork']],
    [
      ['-U', '--fork', 'true', '-r'],
      ['--user', '--fork', '--', 'true', '-r'],
    ],
    [
      ['-U', '--', '-r'],
      ['--user', '--', '-r'],
    ],
    [
      ['-U', '-', '-r'],
      ['--user', '--', '-', '-r'],
    ],
    [
      ['-U', '', '-r'],
      ['--user', '--', '', '-r'],
    ],
    [
      ['-U', '-U'],
      ['--user', '--user'],
    ],
  ],
  'a required argument': [
    [['--wd', '/'], ['--wd=/']],
    [['--wd=/'], ['--wd=/']],
    [
      ['--wd=', 'pwd'],
      ['--wd=', '--', 'pwd'],
    ],
    [
      ['--wd', '', 'pwd'],
      ['--wd=', '--', 'pwd'],
    ],
    [['--wd=a=b'], ['--wd=a=b']],
    [['--wd==b'], ['--wd==b']],
    [['--wd=a\nb=c'], ['--wd=a\nb=c']],
    [['--wd="a"'], ['--wd="a"']],
    [['-w', '/'], ['--wd=/']],
    [['-w/'], ['--wd=/']],
    [['-w=/'], ['--wd==/']],
    [['-wUr'], ['--wd=Ur']],
    [['-w-U'], ['--wd=-U']],
    [['-w\nU'], ['--wd=\nU']],
    [
      ['-Uw/', '-f'],
      ['--user', '--wd=/', '--fork'],
    ],
    [
      ['-Uw', '/', '-f'],
      ['--user', '--wd=/', '--fork'],
    ],
    [
      ['-w', '', 'pwd'],
      ['--wd=', '--', 'pwd'],
    ],
    [['-w', '-U'], ['--wd=-U']],
    [['--wd', '--user'], ['--wd=--user']],
    [['--wd', '--help'], ['--wd=--help']],
    [
      ['-w', '--', '-U'],
      ['--wd=--', '--user'],
    ],
    [
      ['--wd', '-', 'pwd'],
      ['--wd=-', '--', 'pwd'],
    ],
    [
      ['-w/a', '--wd=/b', '-w', '/c'],
      ['--wd=/a', '--wd=/b', '--wd=/c'],
    ],
  ],
  'an optional argument, which is never in the next word': [
    [['--mount-proc'], ['--mount-proc=']],
    [['--mount-proc='], ['--mount-proc=']],
    [['--mount-proc=/p'], ['--mount-proc=/p']],
    [['--mount-proc=-U'], ['--mount-proc=-U']],
    [
      ['--mount-proc', '/p'],
      ['--mount-proc=', '--', '/p'],
    ],
    [
      ['--mount-proc', '-U'],
      ['--mount-proc=', '--user'],
    ],
    // yargs takes one pair of quotes off.
    [['--mount-proc="p"'], ['--mount-proc=""p""']],
    [["--mount-proc='p\n'"], ['--mount-proc="\'p\n\'"']],
    [['--mount-proc="p\''], ['--mount-proc="p\'']],
    [['-n'], ['--net=']],
    [
      ['-n', '/n'],
      ['--net=', '--', '/n'],
    ],
    [['-n/n'], ['--net=/n']],
    [['-nU'], ['--net=U']],
    [['-n=/n'], ['--net==/n']],
    [
      ['-Un', '-f'],
      ['--user', '--net=', '--fork'],
    ],
    [['-Un/n'], ['--user', '--net=/n']],
    [['--net=/n'], ['--net=/n']],
  ],
  'a letter that takes no argument, though its name does': [
    [['-m'], ['--mount=']],
    [['-mU'], ['--mount=', '--user']],
    [
      ['-Um', '/f'],
      ['--user', '--mount=', '--', '/f'],
    ],
    [['--mount'], ['--mount=']],
    [['--mount=/f'], ['--mount=/f']],
  ],
  'abbreviations of names': [
    [['--us'], ['--user']],
    [['--u'], ['--user']],
    [['--map-r'], ['--map-root-user']],
    [['--w=/'], ['--wd=/']],
    [['--w', '/'], ['--wd=/']],
    [['--mount-=/p'], ['--mount-proc=/p']],
    // An exact match wins.
    [['--map-user=5'], ['--map-user=5']],
    [['--map-user', '5'], ['--map-user=5']],
    [['--map-users=5'], ['--map-users=5']],
  ],
  'help, which ends the reading': [
    [['--help'], ['--help']],
    [['--hel'], ['--help']],
    [
      ['-U', '--wd', '/', '--help', 'sh'],
      ['--user', '--wd=/', '--help'],
    ],
    [['--help', '--nope'], ['--help']],
    [['--help', '-w'], ['--help']],
  ],
};

/** Long options that are not known have a hint of their own, below. */
const refused: Readonly<
  Record<string, readonly (readonly [argv: readonly string[], message: string, hint?: string])[]>
> = {
  'an unknown letter': [
    [['-Z'], 'unknown option: -Z'],
    [['-UZ'], 'unknown option: -Z'],
    [['-ZU', '--help'], 'unknown option: -Z'],
    [['-U-'], 'unknown option: --'],
    [['-U=x'], 'unknown option: -='],
    [['-m/f'], 'unknown option: -/'],
    [['-u'], 'unknown option: -u'],
    [['-h'], 'unknown option: -h'],
    [['-U😀'], 'unknown option: -😀'],
  ],
  'a value that is missing': [
    [['--wd'], '--wd needs a value'],
    [['--w'], '--wd needs a value'],
    [['-w'], '--wd needs a value'],
    [['-Uw'], '--wd needs a value'],
  ],
  'a value that is not taken': [
    [['--user=x'], '--user takes no value'],
    [['--user='], '--user takes no value'],
    [['--us=true'], '--user takes no value'],
    [['--help=x'], '--help takes no value'],
  ],
  'an ambiguous abbreviation': [
    [['--map-u', '5'], 'ambiguous option: --map-u', 'Give one of: --map-user, --map-users'],
    [['--map-u=5'], 'ambiguous option: --map-u', 'Give one of: --map-user, --map-users'],
    [['--mou'], 'ambiguous option: --mou', 'Give one of: --mount, --mount-proc'],
    [
      ['--=x'],
      'ambiguous option: --',
      `Give one of: ${[...Object.keys(options), 'help'].map((n) => `--${n}`).join(', ')}`,
    ],
  ],
};

const unknown: readonly (readonly [argv: readonly string[], name: string])[] = [
  [['--nope'], 'nope'],
  [['--nope=x'], 'nope'],
  [['-U', '--nope', '--help'], 'nope'],
  [['--users'], 'users'],
  [['--no-user'], 'no-user'],
  [['--wdir'], 'wdir'],
  [['--Map-user=5'], 'Map-user'],
  [['--U'], 'U'],
  [['---user'], '-user'],
  // What yargs would take for its own.
  [['--_=x'], '_'],
  [['--$0=x'], '$0'],
  [['--get-yargs-completions'], 'get-yargs-completions'],
  [['--toString'], 'toString'],
];

function errorOf(argv: readonly string[]): unknown {
  try {
    return { words: getopt(argv, options) };
  } catch (error) {
    return error;
  }
}

describe('getopt', () => {
  for (const [group, cases] of Object.entries(read)) {
    describe(`reads ${group}:`, () => {
      for (const [argv, words] of cases) {
        it(JSON.stringify(argv), () => expect(getopt(argv, options)).toEqual(words));
      }
    });
  }
  for (const [group, cases] of Object.entries(refused)) {
    describe(`refuses ${group}:`, () => {
      for (const [argv, message, hint] of cases) {
        it(JSON.stringify(argv), () => {
          const error = errorOf(argv);
          expect(error).toBeInstanceOf(UsageError);
          expect(error).toMatchObject({ message, hint });
        });
      }
    });
  }
  describe('refuses an unknown name, and says which there are:', () => {
    for (const [argv, option] of unknown) {
      it(JSON.stringify(argv), () => {
        const error = errorOf(argv);
        expect(error).toBeInstanceOf(UnknownOption);
        expect(error).toMatchObject({ option, known: [...Object.keys(options), 'help'] });
      });
    }
  });
});

describe('ns-tool unshare', () => {
  const bin = fileURLToPath(new URL('../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));
  const unshare = (...args: readonly string[]) =>
    spawnSync(process.execPath, [bin, 'unshare', ...args], { encoding: 'utf8' });

  const errors: readonly (readonly [argv: readonly string[], stderr: string])[] = [
    [['--map-urse=5'], 'error: unknown option: --map-urse\nDid you mean --map-user?\n'],
    [['--no-such-option'], 'error: unknown option: --no-such-option\nTry: ns-tool unshare --help\n'],
    [['-mZ'], 'error: unknown option: -Z\nTry: ns-tool unshare --help\n'],
    [['--map-u=5'], 'error: ambiguous option: --map-u\nGive one of: --map-user, --map-users\n'],
    [['-w'], 'error: --wd needs a value\nTry: ns-tool unshare --help\n'],
  ];
  for (const [argv, stderr] of errors) {
    it(`refuses ${argv.join(' ')}`, () => expect(unshare(...argv)).toMatchObject({ status: 2, stdout: '', stderr }));
  }

  // Here and not beside unshare(1), since yargs must also leave alone what no directory is called.
  const plans: readonly (readonly [argv: readonly string[], call: string])[] = [
    [['-w/a', '-w', '/b'], 'chdir("/b")'],
    [['--wd=/b', '--wd='], 'chdir("")'],
    [['--wd', '--help'], 'chdir("--help")'],
    [['-w', '--'], 'chdir("--")'],
    [['-w-1'], 'chdir("-1")'],
    [['-w010'], 'chdir("010")'],
    [['--wd="a"'], String.raw`chdir("\"a\"")`],
    [["--wd='a'"], `chdir("'a'")`],
    [["--mount-proc='a'"], `mount("proc", "'a'", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)`],
    [['--mount-proc=/a', '--mount-proc'], 'mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)'],
    [['--mount-proc=a=b'], 'mount("proc", "a=b", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)'],
  ];
  for (const [argv, call] of plans) {
    it(`calls ${call} for ${argv.join(' ')}`, () => {
      const { stdout, stderr } = unshare('--dry-run', ...argv, 'true');
      expect(stderr).toBe('');
      expect(stdout.split('\n')).toContain(call);
    });
  }

  it('prints its help wherever --help stands before the command', () => {
    const { stdout } = unshare('--help');
    expect(stdout).toMatch(/^ns-tool unshare \[OPTIONS\] \[--\] \[COMMAND\.\.\.\]\n/);
    for (const argv of [
      ['-m', '--help'],
      ['--help', '-m', 'true'],
      ['--wd', '/', '--hel', '--', 'true'],
      ['--help', '-Z'],
    ]) {
      expect(unshare(...argv)).toMatchObject({ status: 0, stdout, stderr: '' });
    }
  });
});
