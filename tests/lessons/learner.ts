/**
 * A learner: an ordinary user with a fresh account and a checkout, on a machine of the test's own making.
 *
 * The machine is a child in mount, pid, uts and ipc namespaces and with a root of its own, so nothing of the real one changes;
 * it ends with the test, however that ends. Its mounts are shared, as systemd does it.
 */
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Child, MS_PRIVATE, MS_REC, spawn } from '@ns-tool/syscalls';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const HOME = '/home/learner';
const PATH = `${HOME}/bin:${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

/**
 * Makes the machine, as its root, and becomes the learner's shell. Its disk is an overlay: this machine's, and over it a
 * tmpfs that takes whatever is written. There are no containers on it.
 */
const MACHINE = `
set -e
mount -t tmpfs machine /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay machine -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
cd /mnt/root
for directory in proc sys dev; do mount --rbind /$directory $directory; done
mount -t tmpfs -o mode=1777 machine tmp
rm -rf run/ns-tool
mkdir -p home/learner/ns-tool
mount --rbind "$1" home/learner/ns-tool
mount -t tmpfs -o mode=755 machine home/learner/ns-tool/my-lessons
pivot_root . mnt
umount --lazy /mnt
cd ${HOME}/ns-tool
hostname machine
echo '127.0.0.1 machine' >> /etc/hosts
useradd --shell /bin/bash learner
echo 'Defaults secure_path="${PATH}"' > /etc/sudoers.d/learner
echo 'learner ALL=(ALL:ALL) NOPASSWD: ALL' >> /etc/sudoers.d/learner
chmod 440 /etc/sudoers.d/learner
mkdir ${HOME}/bin
ln -s ${HOME}/ns-tool/packages/ns-tool/dist/bin/ns-tool.cjs ${HOME}/bin/ns-tool
chown learner:learner ${HOME} ${HOME}/bin my-lessons
mount --make-rshared /
exec runuser --user learner -- env -i HOME=${HOME} USER=learner LOGNAME=learner SHELL=/bin/bash LANG=C.UTF-8 TERM=dumb npm_config_update_notifier=false PATH=${PATH} bash --norc 2>&1
`;

/** Milliseconds that a command may take, also where others work beside it. */
const LONGEST = 90_000;

export class Learner implements AsyncDisposable {
  private output = '';
  private count = 0;
  /** Told of each piece of output, and of the end. */
  private onNews = () => {};
  private ended = false;

  private constructor(
    private readonly child: Child,
    private readonly keyboard: Writable,
    screen: Readable,
  ) {
    screen.setEncoding('utf8').on('data', (text) => {
      this.output += text;
      this.onNews();
    });
    child.exited.then(() => {
      this.ended = true;
      this.onNews();
    });
  }

  static async make(): Promise<Learner> {
    const child = await spawn('bash', ['-c', MACHINE, 'machine', CHECKOUT], {
      namespaces: ['mount', 'pid', 'uts', 'ipc'],
      parentDeathSignal: 'SIGKILL',
      env: { PATH: process.env.PATH },
      stdio: ['pipe', 'pipe', 'inherit'],
      setup: (sys) => {
        sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
        sys.mount('proc', '/proc', 'proc', 0, null);
      },
    });
    if (child.stdin === null || child.stdout === null) throw new Error('no pipes');
    return new Learner(child, child.stdin, child.stdout);
  }

  /** Types a command, and returns what the terminal shows until the next prompt. */
  async type(command: string): Promise<string> {
    // In two parts, so that the line as typed is not the mark.
    const mark = `done-${++this.count}`;
    this.keyboard.write(`${command}\necho ${mark}''-here\n`);
    const from = this.output.length;
    const at = await new Promise<number>((resolve) => {
      const patience = setTimeout(resolve, LONGEST, -1);
      this.onNews = () => {
        const at = this.output.indexOf(`${mark}-here\n`, from);
        if (at === -1 && !this.ended) return;
        clearTimeout(patience);
        resolve(at);
      };
    });
    if (at === -1) throw new Error(`no prompt after \`${command}\`, but:\n${this.output.slice(from)}`);
    return this.output.slice(from, at);
  }

  /** Writes a file as an editor would. */
  async write(file: string, text: string, { append }: { append: boolean }): Promise<void> {
    const end = 'THE-END-OF-THE-FILE';
    await this.type(`cat ${append ? '>>' : '>'} ${file} <<'${end}'\n${text}${end}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.child.exited;
  }
}
