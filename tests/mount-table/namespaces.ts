/** Mount namespaces to look at: shells in namespaces of their own, which go with the test, and their mounts with them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fromBytes, type Mount, parseMountinfo, toBytes } from '@ns-tool/mount-table';

/** What new mounts of a child are to those of its parent, see `--propagation` in unshare(1). */
type Propagation = 'private' | 'slave' | 'unchanged';

/** A program in a mount namespace of its own or of another. */
class Inside {
  protected readonly child: ChildProcess;
  private output: Buffer = Buffer.alloc(0);

  protected constructor(argv: readonly [string, ...string[]]) {
    const [program, ...args] = argv;
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Its mount table, as it sees it. */
  mounts(): Mount[] {
    return parseMountinfo(this.table('mountinfo'));
  }

  table(name: 'mountinfo' | 'mounts'): Uint8Array {
    return readFileSync(`/proc/${this.pid}/${name}`);
  }

  async dispose(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  /** What it writes until the next NUL. */
  protected async answer(): Promise<Buffer> {
    for (;;) {
      const end = this.output.indexOf(0);
      if (end >= 0) {
        const answer = this.output.subarray(0, end);
        this.output = this.output.subarray(end + 1);
        return answer;
      }
      this.output = await new Promise<Buffer>((resolve, reject) => {
        const onExit = () => reject(new Error('it ended'));
        this.child.once('exit', onExit);
        this.child.stdout?.once('data', (chunk: Buffer) => {
          this.child.off('exit', onExit);
          resolve(Buffer.concat([this.output, chunk]));
        });
      });
    }
  }
}

export class Namespace extends Inside {
  /** A namespace like that of the tests, or of another: a copy of its mounts. */
  static async make(propagation: Propagation = 'private', parent?: Namespace): Promise<Namespace> {
    const enter = parent === undefined ? [] : (['nsenter', '-t', `${parent.pid}`, '-m'] as const);
    const argv = [...enter, 'unshare', '-m', '--propagation', propagation, 'sh'] as [string, ...string[]];
    const namespace = new Namespace(argv);
    await namespace.shell(':');
    return namespace;
  }

  /**
   * Runs a script, of which every character is a byte.
   *
   * @returns what it prints, as bytes.
   * @throws Error if a command in it fails.
   */
  async shell(script: string): Promise<Buffer> {
    this.child.stdin?.write(Buffer.from(`( set -e\n${script}\n) </dev/null 2>&1; printf '\\0%s\\0' $?\n`, 'latin1'));
    const output = await this.answer();
    const status = String(await this.answer());
    if (status !== '0') throw new Error(`the script ended with ${status}: ${output.toString()}`);
    return output;
  }
}

/** A process in a namespace with a root directory of its own, which asks the kernel for the mounts that hold paths. */
export class Lookup extends Inside {
  private static readonly PROGRAM = `
    $| = 1;
    $/ = "\\0";
    chroot($ARGV[0]) && chdir('/') or die $!;
    print "\\0";
    my @files;
    while (<STDIN>) {
      chomp;
      if (sysopen(my $file, $_, 0)) { push @files, $file; print fileno($file), "\\0"; }
      else { print "$!\\0"; }
    }
  `;

  static async make(namespace: Namespace, root = '/'): Promise<Lookup> {
    const lookup = new Lookup(['nsenter', '-t', `${namespace.pid}`, '-m', 'perl', '-e', Lookup.PROGRAM, root]);
    await lookup.answer();
    return lookup;
  }

  /** The ID of the mount that holds each path; null where there is none of that path. */
  async mountIdsOf(paths: readonly string[]): Promise<(number | null)[]> {
    const ids: (number | null)[] = [];
    for (const path of paths) {
      this.child.stdin?.write(Buffer.concat([toBytes(path), Buffer.of(0)]));
      const answer = String(await this.answer());
      ids.push(/^\d+$/.test(answer) ? this.mountIdOf(answer) : null);
    }
    return ids;
  }

  private mountIdOf(descriptor: string): number {
    const info = readFileSync(`/proc/${this.pid}/fdinfo/${descriptor}`, 'utf8');
    return Number(/^mnt_id:\s*(\d+)$/m.exec(info)?.[1]);
  }
}

/** A name for a script of {@link Namespace.shell}. */
export function quoted(name: string): string {
  return `'${Buffer.from(toBytes(name)).toString('latin1').replaceAll("'", "'\\''")}'`;
}

/** What findmnt(8) says of the table, its names as strings like ours. */
export async function findmnt(namespace: Namespace): Promise<{ [column: string]: string | number | null }[]> {
  const columns = 'TARGET,SOURCE,FSTYPE,OPTIONS,VFS-OPTIONS,FS-OPTIONS,PROPAGATION,ID,PARENT,MAJ:MIN,FSROOT,OPT-FIELDS';
  const output = await namespace.shell(`findmnt --json --list --nofsroot --noheadings -o ${columns}`);
  const { filesystems } = JSON.parse(output.toString('latin1'), (_, value) =>
    typeof value === 'string' ? fromBytes(Buffer.from(value, 'latin1')) : value,
  );
  return filesystems;
}
