/**
 * The interpreter: that its bytes are its sources, and that it does what a step says.
 *
 * A small C program maps the code and a list of steps, and runs them in a child made by clone(2). The list is a file mapped
 * shared, at an address known here: so lists are written here, and results read back here. The architecture that is not
 * this machine's is assembled and compiled across and runs under qemu-user, where these are installed.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Architecture, AT_FDCWD, errnoNumber, O_RDWR, table } from '@ns-tool/syscalls';
import { ExecaError, execa } from 'execa';
import { type DirectoryResult, dir } from 'tmp-promise';
import { afterAll, describe, expect, it } from 'vitest';
import { interpreter } from '../../packages/syscalls/src/interpreter/code.ts';
import { type Change, emulatorOf, hexLines, mistaken, toolFor } from '../support/assembly.ts';
import { isAssertion } from '../support/assertion.ts';

// -- lists of steps

/** The system calls that are made here. */
const numbers = {
  openat: table.openat.number,
  read: table.read.number,
  close: table.close.number,
  mkdirat: table.mkdirat.number,
  write: { x64: 1, arm64: 64 },
  lseek: { x64: 8, arm64: 62 },
  mprotect: { x64: 10, arm64: 226 },
  prctl: { x64: 157, arm64: 167 },
  seccomp: { x64: 317, arm64: 277 },
  copy_file_range: { x64: 326, arm64: 285 },
  exit_group: { x64: 231, arm64: 94 },
  clone: table.clone.number,
};

/** An argument: a number, the address of bytes or of words, or a reference. */
type Arg = number | Buffer | readonly Arg[] | Reference;

/** The word at this address is to be loaded: an earlier step's result, or bytes, or words. */
interface Reference {
  readonly to: Step | Buffer | readonly Arg[];
}

interface Step {
  readonly name: keyof typeof numbers;
  readonly args: readonly Arg[];
  /** The set of errnos that are no failure. */
  readonly allowed: Buffer | 0;
  /** The step makes a child, which goes on in place of who made it. */
  readonly forks?: true;
}

const step = (name: Step['name'], ...args: readonly Arg[]): Step => ({ name, args, allowed: 0 });
const allowing = (allowed: Buffer, { name, args }: Step): Step => ({ name, args, allowed });
const forking = (step: Step): Step => ({ ...step, forks: true });
const reference = (to: Reference['to']): Reference => ({ to });
const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

/** 4096 bits, of which those of `errnos` are set. */
function errnoSet(...errnos: readonly number[]): Buffer {
  const set = Buffer.alloc(512);
  for (const errno of errnos) set[errno >> 3] = (set[errno >> 3] ?? 0) | (1 << (errno & 7));
  return set;
}

/** Where the C program maps the list, and the stack for the child. */
const IMAGE = 0x1_0000_0000;
const STACK = 0x2_0000_0000;
const STACK_SIZE = 0x10000;

const STEP_SIZE = 80;
const RESULT = 56;
const REFS = 64;
const FORKS = 1 << 6;
const ALLOWED = 72;

/** What stands in a result that the interpreter has not written. */
const NO_RESULT = 0x5e5e5e5e5e5e5e5en;

/** A list of steps in memory, with its end, and behind it what the steps point to. */
class Image {
  readonly #steps: readonly Step[];
  readonly #addresses = new Map<Buffer | readonly Arg[], number>();
  readonly #blocks: Buffer[] = [];
  #end: number;
  readonly bytes: Buffer;

  constructor(architecture: Architecture, steps: readonly Step[]) {
    this.#steps = steps;
    const list = Buffer.alloc((steps.length + 1) * STEP_SIZE);
    this.#end = IMAGE + list.length;
    for (const [i, { name, args, allowed, forks }] of steps.entries()) {
      const at = i * STEP_SIZE;
      const refs = args.reduce<number>((bits, arg, n) => (isReference(arg) ? bits | (1 << n) : bits), 0);
      writeWord(list, at, numbers[name][architecture]);
      for (const [n, arg] of args.entries()) writeWord(list, at + 8 + 8 * n, this.#word(arg));
      list.writeBigInt64LE(NO_RESULT, at + RESULT);
      writeWord(list, at + REFS, forks ? refs | FORKS : refs);
      writeWord(list, at + ALLOWED, this.#word(allowed));
    }
    writeWord(list, steps.length * STEP_SIZE, -1);
    list.writeBigInt64LE(NO_RESULT, steps.length * STEP_SIZE + RESULT);
    this.bytes = Buffer.concat([list, ...this.#blocks]);
  }

  /** The result in each step of the list as the child has left it, null for none; the last is the end's. */
  results(after: Buffer): (number | null)[] {
    return Array.from({ length: this.#steps.length + 1 }, (_, i) => {
      const result = after.readBigInt64LE(i * STEP_SIZE + RESULT);
      return result === NO_RESULT ? null : Number(result);
    });
  }

  /** The list without its results. */
  steps(bytes: Buffer): Buffer {
    const list = Buffer.from(bytes.subarray(0, (this.#steps.length + 1) * STEP_SIZE));
    for (let at = RESULT; at < list.length; at += STEP_SIZE) list.writeBigInt64LE(NO_RESULT, at);
    return list;
  }

  /** What stands at the address of `block` after the child has run. */
  contents(after: Buffer, block: Buffer): Buffer {
    const from = (this.#addresses.get(block) ?? Number.NaN) - IMAGE;
    return after.subarray(from, from + block.length);
  }

  #word(arg: Arg): number {
    if (typeof arg === 'number') return arg;
    if (!isReference(arg)) return this.#addressOf(arg);
    if (isStep(arg.to)) return IMAGE + this.#steps.indexOf(arg.to) * STEP_SIZE + RESULT;
    return this.#addressOf(arg.to);
  }

  #addressOf(block: Buffer | readonly Arg[]): number {
    const known = this.#addresses.get(block);
    if (known !== undefined) return known;
    const bytes = Buffer.isBuffer(block) ? block : Buffer.alloc(8 * block.length);
    if (!Buffer.isBuffer(block)) for (const [i, arg] of block.entries()) writeWord(bytes, 8 * i, this.#word(arg));
    const address = this.#end;
    const length = Math.ceil(bytes.length / 8) * 8;
    this.#addresses.set(block, address);
    this.#blocks.push(Buffer.concat([bytes], length));
    this.#end += length;
    return address;
  }
}

function isReference(arg: Arg): arg is Reference {
  return typeof arg === 'object' && 'to' in arg;
}

function isStep(to: Reference['to']): to is Step {
  return 'name' in to;
}

function writeWord(bytes: Buffer, at: number, value: number): void {
  bytes.writeBigInt64LE(BigInt(value), at);
}

// -- running them

/** `driver CODE IMAGE FLAGS`: runs CODE on IMAGE in a child made by clone(FLAGS), and says how the child has ended. */
const DRIVER = `
  #define _GNU_SOURCE
  #include <fcntl.h>
  #include <sched.h>
  #include <signal.h>
  #include <stdio.h>
  #include <stdlib.h>
  #include <sys/mman.h>
  #include <sys/resource.h>
  #include <sys/stat.h>
  #include <sys/wait.h>

  static void *mapped(void *at, size_t size, int protection, int flags, int fd) {
    void *address = mmap(at, size, protection, flags, fd, 0);
    if (address == MAP_FAILED || (at != NULL && address != at)) { perror("mmap"); exit(1); }
    return address;
  }

  static void *mapped_file(void *at, const char *path, int access, int protection, int flags) {
    struct stat status;
    int fd = open(path, access);
    if (fd < 0 || fstat(fd, &status) < 0) { perror(path); exit(1); }
    return mapped(at, status.st_size, protection, flags, fd);
  }

  int main(int argc, char **argv) {
    if (argc != 4) return 2;
    /* A wrong interpreter may run for ever, or crash. */
    setrlimit(RLIMIT_CPU, &(struct rlimit){2, 2});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    void *code = mapped_file(NULL, argv[1], O_RDONLY, PROT_READ | PROT_EXEC, MAP_PRIVATE);
    void *image = mapped_file((void *)${IMAGE}, argv[2], O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE);
    char *stack = mapped((void *)${STACK}, ${STACK_SIZE}, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
    pid_t child = clone((int (*)(void *))code, stack + ${STACK_SIZE}, atoi(argv[3]) | SIGCHLD, image);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) { perror("clone"); return 1; }
    if (WIFEXITED(status)) printf("exit %d", WEXITSTATUS(status));
    else printf("signal %d", WTERMSIG(status));
  }
`;

/** Whether the child gets a copy of its parent's memory, or the memory itself, as with posix_spawn. */
const SHARING = {
  'a copy of the memory': 0,
  'the memory itself': 0x100 | 0x4000 /* CLONE_VM | CLONE_VFORK */,
} as const;

interface Outcome {
  /** `'exit 127'`, or `'signal 11'`. */
  readonly ended: string;
  /** The result of each step, null where none was written; the last is the end's. */
  readonly results: readonly (number | null)[];
  /** What stands in the memory of an argument now. */
  contents(block: Buffer): Buffer;
}

/** The tools for one architecture, with a folder for what they make. */
class Toolchain {
  readonly architecture: Architecture;
  readonly #native: boolean;
  #folder: DirectoryResult | undefined;
  #driver: Promise<string> | undefined;

  constructor(architecture: Architecture) {
    this.architecture = architecture;
    this.#native = process.arch === architecture;
  }

  /** Why there is no assembler here, or null. */
  whyNoAssembler(): Promise<string | null> {
    return whyNot(async () => {
      for (const name of ['as', 'objcopy']) await execa(this.#tool(name), ['--version']);
    });
  }

  /** Why code of this architecture cannot be compiled and run here, or null. */
  whyNoRun(): Promise<string | null> {
    return whyNot(async () => {
      try {
        await this.#run(await this.#compile('int main(void) { return 0; }'), []);
      } finally {
        await this.dispose();
      }
    });
  }

  async assemble(source: string): Promise<Buffer> {
    const folder = await this.makeFolder();
    const [object, code] = [path.join(folder, 'object'), path.join(folder, 'code')];
    await execa(this.#tool('as'), ['-o', object, '-'], { input: source });
    await execa(this.#tool('objcopy'), ['--output-target=binary', '--only-section=.text', object, code]);
    return readFile(code);
  }

  /** Runs `code` on the steps, and holds that it has changed nothing in them but results. */
  async interpret(code: Uint8Array, flags: number, steps: readonly Step[]): Promise<Outcome> {
    this.#driver ??= this.#compile(DRIVER);
    const driver = await this.#driver;
    const folder = await this.makeFolder();
    const [codeFile, imageFile] = [path.join(folder, 'code'), path.join(folder, 'image')];
    const image = new Image(this.architecture, steps);
    await writeFile(codeFile, code);
    await writeFile(imageFile, image.bytes);
    const ended = await this.#run(driver, [codeFile, imageFile, String(flags)]);
    const after = await readFile(imageFile);
    expect(image.steps(after).equals(image.steps(image.bytes)), 'the steps are as they were').toBe(true);
    return { ended, results: image.results(after), contents: (block) => image.contents(after, block) };
  }

  async makeFolder(): Promise<string> {
    this.#folder ??= await dir({ unsafeCleanup: true });
    return mkdtemp(path.join(this.#folder.path, 'files-'));
  }

  /** Removes all that was made. */
  async dispose(): Promise<void> {
    await this.#folder?.cleanup();
    this.#folder = undefined;
  }

  /** Static, since the libraries of another architecture are not where its loader looks for them. */
  async #compile(source: string): Promise<string> {
    const program = path.join(await this.makeFolder(), 'program');
    await execa(this.#tool('gcc'), ['-static', '-Wall', '-Werror', '-x', 'c', '-o', program, '-'], { input: source });
    return program;
  }

  async #run(program: string, args: readonly string[]): Promise<string> {
    const command = this.#native ? [program, ...args] : [emulatorOf(this.architecture), program, ...args];
    const [file = '', ...rest] = command;
    return (await execa(file, rest, { stdin: 'ignore' })).stdout;
  }

  #tool(name: string): string {
    return toolFor(this.architecture, name);
  }
}

async function whyNot(attempt: () => Promise<unknown>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    return error.code === 'ENOENT' ? `${error.command.split(' ')[0]} is not installed` : error.message;
  }
}

// -- what the interpreter promises

interface Bench {
  readonly architecture: Architecture;
  /** An empty folder. */
  readonly folder: string;
  interpret(...steps: readonly Step[]): Promise<Outcome>;
}

interface Check {
  readonly name: string;
  /** What the check needs that qemu-user does not emulate. */
  readonly native?: string;
  check(bench: Bench): Promise<void>;
}

const O_CREAT = 0o100;
const SIGCHLD = 17;
const ENOENT = errnoNumber('ENOENT');
const EEXIST = errnoNumber('EEXIST');
const ALL_ERRNOS = Array.from({ length: 4095 }, (_, i) => i + 1);

/** Errors that the kernel keeps to itself (include/linux/errno.h); qemu has a meaning for some of them. */
const isInternal = (errno: number): boolean => errno >= 512 && errno <= 530;

const openFile = (name: string): Step => step('openat', AT_FDCWD, cString(name), O_RDWR | O_CREAT, 0o600);

/** A file that can be set to any offset, also to one that reads as an error: so this call returns what it is told to. */
const openMemory = (): Step => step('openat', AT_FDCWD, cString('/proc/self/mem'), O_RDWR);
const returning = (memory: Step, value: Arg): Step => step('lseek', reference(memory), value, 0);

const checks: readonly Check[] = [
  {
    name: 'an empty list ends at once, with status 127',
    async check({ interpret }) {
      expect(await interpret()).toMatchObject({ ended: 'exit 127', results: [null] });
    },
  },
  {
    name: 'steps are made in order, each keeps its result, and the end is status 127',
    async check({ folder, interpret }) {
      const outer = cString(path.join(folder, 'a'));
      const inner = cString(path.join(folder, 'a/b'));
      const steps = [
        step('mkdirat', AT_FDCWD, outer, 0o700),
        step('mkdirat', AT_FDCWD, inner, 0o700),
        openFile(path.join(folder, 'a/b/c')),
      ];
      const { ended, results } = await interpret(...steps);
      expect(ended).toBe('exit 127');
      expect(results).toEqual([0, 0, expect.any(Number), null]);
      expect(results[2]).toBeGreaterThan(2);
    },
  },
  {
    name: 'the result of a step is an argument of a later one',
    async check({ folder, interpret }) {
      const file = path.join(folder, 'file');
      const open = openFile(file);
      const buffer = Buffer.alloc(8);
      const { ended, results, contents } = await interpret(
        open,
        step('write', reference(open), Buffer.from('written'), 7),
        step('lseek', reference(open), 2, 0),
        step('read', reference(open), buffer, 8),
        step('close', reference(open)),
      );
      expect({ ended, results }).toEqual({ ended: 'exit 127', results: [results[0], 7, 2, 5, 0, null] });
      expect(contents(buffer).toString()).toBe('itten\0\0\0');
      await expect(readFile(file, 'utf8')).resolves.toBe('written');
    },
  },
  {
    name: 'a referenced word has 64 bits',
    async check({ interpret }) {
      const memory = openMemory();
      const large = returning(memory, 0x1234_5678_9abc);
      const { results } = await interpret(memory, large, returning(memory, reference(large)));
      expect(results.slice(1)).toEqual([0x1234_5678_9abc, 0x1234_5678_9abc, null]);
    },
  },
  {
    name: 'all six arguments arrive, each as a value and as a reference',
    async check({ folder, interpret }) {
      const [source, target] = [path.join(folder, 'source'), path.join(folder, 'target')];
      await writeFile(source, '..abcdefghijklmnopqrstuvwxyz');
      const [from, to] = [openFile(source), openFile(target)];
      const [fromOffset, toOffset] = [word(2), word(4)];
      const plain: readonly Arg[] = [reference(from), fromOffset, reference(to), toOffset, 3, 0];
      const byReference = (arg: Arg): Arg => (isReference(arg) ? arg : reference([arg]));
      const { ended, results, contents } = await interpret(
        from,
        to,
        step('copy_file_range', ...plain),
        ...[1, 3, 4, 5].map((i) =>
          step('copy_file_range', ...plain.map((arg, n) => (n === i ? byReference(arg) : arg))),
        ),
        step('copy_file_range', ...plain.map(byReference)),
        // No flag exists yet, so any is refused.
        allowing(errnoSet(errnoNumber('EINVAL')), step('copy_file_range', ...plain.with(5, 1))),
        allowing(errnoSet(errnoNumber('EINVAL')), step('copy_file_range', ...plain.with(5, reference([1])))),
      );
      expect({ ended, results: results.slice(2) }).toEqual({
        ended: 'exit 127',
        results: [3, 3, 3, 3, 3, 3, -22, -22, null],
      });
      await expect(readFile(target, 'latin1')).resolves.toBe('\0\0\0\0abcdefghijklmnopqr');
      expect([contents(fromOffset), contents(toOffset)]).toEqual([word(20), word(22)]);
    },
  },
  {
    name: 'after an errno that is allowed the next step is made',
    async check({ folder, interpret }) {
      const make = step('mkdirat', AT_FDCWD, cString(folder), 0o700);
      const { ended, results } = await interpret(
        allowing(errnoSet(EEXIST), make),
        allowing(errnoSet(ENOENT, EEXIST), make),
        step('mkdirat', AT_FDCWD, cString(path.join(folder, 'made')), 0o700),
      );
      expect({ ended, results }).toEqual({ ended: 'exit 127', results: [-EEXIST, -EEXIST, 0, null] });
    },
  },
  ...[
    { what: 'where none is allowed', allowed: undefined },
    { what: 'where others are allowed', allowed: errnoSet(...ALL_ERRNOS.filter((errno) => errno !== ENOENT)) },
  ].map(({ what, allowed }) => ({
    name: `an errno ${what} is kept, and ends the list with status 127 and later steps untouched`,
    async check({ folder, interpret }: Bench) {
      const fail = step('mkdirat', AT_FDCWD, cString(path.join(folder, 'none/a')), 0o700);
      const later = path.join(folder, 'later');
      const { ended, results } = await interpret(
        step('mkdirat', AT_FDCWD, cString(path.join(folder, 'earlier')), 0o700),
        allowed === undefined ? fail : allowing(allowed, fail),
        openFile(later),
        openFile(later),
      );
      expect({ ended, results }).toEqual({ ended: 'exit 127', results: [0, -ENOENT, null, null, null] });
      await expect(readFile(later)).rejects.toThrow('ENOENT');
    },
  })),
  {
    name: 'a failure is a result from -4095 to -1',
    async check({ interpret }) {
      const memory = openMemory();
      const results = async (value: number) => {
        return (await interpret(memory, returning(memory, value), returning(memory, 7))).results.slice(1);
      };
      expect(await results(0)).toEqual([0, 7, null]);
      expect(await results(2 ** 40)).toEqual([2 ** 40, 7, null]);
      expect(await results(-(2 ** 40))).toEqual([-(2 ** 40), 7, null]);
      expect(await results(-4096)).toEqual([-4096, 7, null]);
      expect(await results(-4095)).toEqual([-4095, null, null]);
      expect(await results(-1)).toEqual([-1, null, null]);
    },
  },
  {
    name: 'every errno has a bit of its own',
    async check({ interpret }) {
      const memory = openMemory();
      const errnos = ALL_ERRNOS.filter((errno) => !isInternal(errno));
      const each = errnos.map((errno) => allowing(errnoSet(errno), returning(memory, -errno)));
      const { results: answers } = await interpret(memory, ...each);
      expect(
        errnos.find((errno, i) => answers[i + 1] !== -errno),
        'the first errno not found in its set',
      ).toBe(undefined);

      for (const errno of [1, 7, 8, 15, 16, 31, 32, 33, 63, 64, 2048, 4094, 4095]) {
        const others = errnoSet(...ALL_ERRNOS.filter((other) => other !== errno));
        const { results } = await interpret(memory, allowing(others, returning(memory, -errno)), openMemory());
        expect(results.slice(1), `errno ${errno}`).toEqual([-errno, null, null]);
      }
    },
  },
  ...[
    { what: 'of a child', flags: SIGCHLD },
    { what: 'of a child in the same memory', flags: SIGCHLD | SHARING['the memory itself'] },
  ].map(({ what, flags }) => ({
    name: `the list goes on in the child of a child that a step makes: ${what}`,
    async check({ folder, interpret }: Bench) {
      // Made by both, the directory would be there already for the second.
      const make = step('mkdirat', AT_FDCWD, cString(path.join(folder, 'made')), 0o700);
      const memory = openMemory();
      const { ended, results } = await interpret(
        forking(step('clone', flags, 0, 0, 0, 0)),
        make,
        memory,
        returning(memory, 7),
      );
      expect({ ended, results: results.slice(1) }).toEqual({ ended: 'exit 127', results: [0, results[2], 7, null] });
      // Both have written it: the child a zero, and who made it the child's pid.
      expect(results[0]).toBeGreaterThanOrEqual(0);
    },
  })),
  {
    name: 'a step that should make a child, and cannot, ends the list',
    async check({ interpret }) {
      const memory = openMemory();
      const fails = forking(allowing(errnoSet(9), returning(memory, -9)));
      expect((await interpret(memory, fails, memory)).results.slice(1)).toEqual([-9, null, null]);
    },
  },
  {
    name: 'a step that makes no child may have any result',
    async check({ interpret }) {
      const memory = openMemory();
      const { results } = await interpret(memory, returning(memory, 64), returning(memory, reference([7])));
      expect(results.slice(1)).toEqual([64, 7, null]);
    },
  },
  {
    name: 'no stack is needed',
    async check({ interpret }) {
      const memory = openMemory();
      const { ended, results } = await interpret(
        step('mprotect', STACK, STACK_SIZE, 0 /* PROT_NONE */),
        memory,
        returning(memory, 7),
        allowing(errnoSet(9), returning(memory, -9)),
      );
      expect({ ended, results }).toEqual({ ended: 'exit 127', results: [0, results[1], 7, -9, null] });
    },
  },
  {
    name: 'there is no way back to the caller, even if exit_group is refused',
    native: 'a seccomp filter',
    async check({ architecture, interpret }) {
      const filter = Buffer.concat([
        instruction(0x20, 0, 0, 0), // load the number of the call
        instruction(0x15, 0, 1, numbers.exit_group[architecture]),
        instruction(0x06, 0, 0, 0x0005_0001), // SECCOMP_RET_ERRNO, EPERM
        instruction(0x06, 0, 0, 0x7fff_0000), // SECCOMP_RET_ALLOW
      ]);
      const { ended, results } = await interpret(
        step('prctl', 38 /* PR_SET_NO_NEW_PRIVS */, 1, 0, 0, 0),
        step('seccomp', 1 /* SECCOMP_SET_MODE_FILTER */, 0, [filter.length / 8, filter]),
      );
      expect({ ended, results }).toEqual({ ended: 'signal 4', results: [0, 0, null] });
    },
  },
];

function word(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  writeWord(bytes, 0, value);
  return bytes;
}

/** A struct sock_filter of linux/filter.h. */
function instruction(code: number, ifTrue: number, ifFalse: number, k: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(k, 4);
  return bytes;
}

// -- mistakes

interface Mutant extends Partial<Readonly<Record<Architecture, Change>>> {
  readonly name: string;
  readonly native?: string;
}

const inBoth = (from: string, to: string) => ({ x64: [from, to], arm64: [from, to] }) as const;

const mutants: readonly Mutant[] = [
  {
    name: 'no reference is followed',
    x64: ['mov (\\register), \\register', 'nop'],
    arm64: ['ldr x\\index, [x\\index]', 'nop'],
  },
  {
    name: 'every argument is taken for a reference',
    x64: ['jnc .Lvalue\\index', 'nop'],
    arm64: ['tbz x9, #\\index, .Lvalue\\index', 'nop'],
  },
  {
    name: 'a reference to 32 bits',
    x64: ['mov (\\register), \\register', 'mov (\\register), \\register; shl $32, \\register; shr $32, \\register'],
    arm64: ['ldr x\\index, [x\\index]', 'ldr w\\index, [x\\index]'],
  },
  {
    name: 'the value of a reference is written into the step',
    x64: ['mov (\\register), \\register', 'mov (\\register), \\register; mov \\register, ARGS+8*\\index(%rbx)'],
    arm64: ['ldr x\\index, [x\\index]', 'ldr x\\index, [x\\index]; str x\\index, [x19, #ARGS+8*\\index]'],
  },
  { name: 'references are looked for where the allowed errnos are', ...inBoth('.set REFS, 64', '.set REFS, 72') },
  { name: 'the allowed errnos are looked for where references are', ...inBoth('.set ALLOWED, 72', '.set ALLOWED, 64') },
  {
    name: 'two arguments are swapped',
    x64: ['argument 4, %r8\n argument 5, %r9', 'argument 4, %r9\n argument 5, %r8'],
    arm64: ['ldp x4, x5,', 'ldp x5, x4,'],
  },
  {
    name: 'the fourth argument goes to rcx, as in C',
    x64: ['argument 3, %r10', 'argument 3, %rcx'],
  },
  {
    name: 'the sixth argument is forgotten',
    x64: ['argument 5, %r9', 'nop'],
    arm64: ['ldp x4, x5, [x19, #ARGS+32]', 'ldr x4, [x19, #ARGS+32]'],
  },
  {
    name: 'the step is kept in a register that something else needs',
    x64: [/%rbx/g, '%r11'],
    arm64: [/x19/g, 'x0'],
  },
  { name: 'errors go to -4096', x64: ['cmp $-4095', 'cmp $-4096'], arm64: ['cmn x0, #4095', 'cmn x0, #4096'] },
  { name: 'errors go to -4094', x64: ['cmp $-4095', 'cmp $-4094'], arm64: ['cmn x0, #4095', 'cmn x0, #4094'] },
  {
    name: 'every negative result is an error',
    x64: ['jb passed', 'test %rax, %rax; jns passed'],
    arm64: ['b.lo passed', 'tbz x0, #63, passed'],
  },
  { name: 'nothing is an error', x64: ['jb passed', 'jmp passed'], arm64: ['b.lo passed', 'b passed'] },
  {
    name: 'no errno is allowed',
    x64: ['mov ALLOWED(%rbx), %rcx', 'xor %ecx, %ecx'],
    arm64: ['ldr x9, [x19, #ALLOWED]', 'mov x9, #0'],
  },
  { name: 'no set allows every errno', x64: ['jrcxz end', 'jrcxz passed'], arm64: ['cbz x9, end', 'cbz x9, passed'] },
  { name: 'any set allows every errno', x64: ['jnc end', 'nop'], arm64: ['tbz w9, #0, end', 'nop'] },
  {
    name: 'the set is that of the errnos that end it',
    x64: ['jnc end', 'jc end'],
    arm64: ['tbz w9, #0', 'tbnz w9, #0'],
  },
  { name: 'the errno is looked up with its sign', x64: ['neg %eax', 'nop'], arm64: ['neg w0, w0', 'nop'] },
  {
    name: 'the set has 32 bits',
    x64: ['bt %eax, (%rcx)', 'mov (%rcx), %ecx; bt %eax, %ecx'],
    arm64: ['ldr w9, [x9, x1, lsl #2]', 'ldr w9, [x9]'],
  },
  { name: 'no result is kept', x64: ['mov %rax, RESULT(%rbx)', 'nop'], arm64: ['str x0, [x19, #RESULT]', 'nop'] },
  {
    name: 'no errno is kept',
    x64: ['mov %rax, RESULT(%rbx)', 'test %rax, %rax; js 1f; mov %rax, RESULT(%rbx); 1:'],
    arm64: ['str x0, [x19, #RESULT]', 'tbnz x0, #63, 1f; str x0, [x19, #RESULT]; 1:'],
  },
  {
    name: '32 bits of the result are kept',
    x64: ['mov %rax, RESULT(%rbx)', 'mov %eax, RESULT(%rbx)'],
    arm64: ['str x0, [x19, #RESULT]', 'str w0, [x19, #RESULT]'],
  },
  { name: 'the result is written over the last argument', ...inBoth('.set RESULT, 56', '.set RESULT, 48') },
  {
    name: 'who made a child goes on too',
    x64: ['jz advance', 'jmp advance'],
    arm64: ['tbz x9, #6, advance', 'b advance'],
  },
  {
    name: 'after the making of a child nobody goes on',
    x64: ['test %rax, %rax\n jnz end', 'jmp end'],
    arm64: ['cbnz x0, end', 'b end'],
  },
  {
    name: 'the child ends, and who made it goes on',
    x64: ['test %rax, %rax\n jnz end', 'test %rax, %rax\n jz end'],
    arm64: ['cbnz x0, end', 'cbz x0, end'],
  },
  { name: 'every step is one that makes a child', x64: ['jz advance', 'nop'], arm64: ['tbz x9, #6, advance', 'nop'] },
  {
    name: 'a step with a reference is one that makes a child',
    x64: ['testb $FORKS, REFS', 'testb $1, REFS'],
    arm64: ['tbz x9, #6', 'tbz x9, #0'],
  },
  { name: 'a step is one word shorter', ...inBoth('.set STEP_SIZE, 80', '.set STEP_SIZE, 72') },
  { name: 'one step is made for ever', ...inBoth('.set STEP_SIZE, 80', '.set STEP_SIZE, 0') },
  { name: 'there is no end', x64: ['js end', 'nop'], arm64: ['tbnz x8, #63, end', 'nop'] },
  { name: 'call number 0, which is read, is the end', x64: ['js end', 'jle end'] },
  { name: 'the end is status 0', x64: ['mov $127, %edi', 'xor %edi, %edi'], arm64: ['mov x0, #127', 'mov x0, #0'] },
  {
    name: 'the stack is used',
    x64: ['mov NUMBER(%rbx), %rax', 'push NUMBER(%rbx); pop %rax'],
    arm64: ['ldr x8, [x19, #NUMBER]', 'ldr x8, [x19, #NUMBER]; str x8, [sp, #-16]!; add sp, sp, #16'],
  },
  { name: 'it may return', native: 'a seccomp filter', x64: ['ud2', 'ret'], arm64: ['udf #0', 'ret'] },
];

/** The first check that code of an interpreter fails, or null. Red is an assertion that fails, not a crash of the test. */
async function firstFailure(toolchain: Toolchain, code: Uint8Array, native: boolean): Promise<string | null> {
  for (const { name, check, native: needsNative } of checks) {
    if (needsNative !== undefined && !native) continue;
    try {
      await check(await bench(toolchain, code, SHARING['a copy of the memory']));
    } catch (error) {
      if (!isAssertion(error)) throw error;
      return name;
    }
  }
  return null;
}

async function bench(toolchain: Toolchain, code: Uint8Array, flags: number): Promise<Bench> {
  const { architecture } = toolchain;
  const folder = await toolchain.makeFolder();
  return { architecture, folder, interpret: (...steps) => toolchain.interpret(code, flags, steps) };
}

const SOURCES = new URL('../../packages/syscalls/src/interpreter/', import.meta.url);

for (const [architecture, file] of [
  ['x64', 'x86-64.S'],
  ['arm64', 'arm64.S'],
] as const) {
  const source = await readFile(new URL(file, SOURCES), 'utf8');
  const code = interpreter[architecture];
  const native = architecture === process.arch;
  const toolchain = new Toolchain(architecture);
  const [noAssembler, noRun] = [await toolchain.whyNoAssembler(), await toolchain.whyNoRun()];

  /** Says so where something is skipped. */
  const skips = (what: string, why: string | null): boolean => {
    if (why !== null) console.warn(`skipped for the interpreter of ${architecture}: ${what}: ${why}`);
    return why !== null;
  };
  const notEmulated = checks.flatMap(({ native: needed }) => (native || needed === undefined ? [] : [needed]));
  if (noRun === null) for (const needed of notEmulated) skips('what needs it', `qemu-user does not emulate ${needed}`);

  describe(`the interpreter for ${architecture}`, () => {
    afterAll(() => toolchain.dispose());

    it.skipIf(skips('the comparison with the source', noAssembler))('is its source, assembled', async () => {
      expect(hexLines(code)).toBe(hexLines(await toolchain.assemble(source)));
    });

    describe.skipIf(skips('the checks', noRun)).each(Object.entries(SHARING))('in a child with %s', (_, flags) => {
      for (const { name, native: needed, check } of checks) {
        it.skipIf(needed !== undefined && !native)(name, async () => check(await bench(toolchain, code, flags)));
      }
    });

    describe.skipIf(skips('the mutants', noAssembler ?? noRun))('some check turns red when', () => {
      for (const { name, native: needed, [architecture]: change } of mutants) {
        if (change === undefined) continue;
        it.skipIf(needed !== undefined && !native)(name, async () => {
          const mutant = await toolchain.assemble(mistaken(source, change));
          expect(await firstFailure(toolchain, mutant, native), 'the check that turns red').not.toBeNull();
        });
      }
    });
  });
}
