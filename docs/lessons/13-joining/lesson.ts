import type { Lesson } from '@ns-tool/course';

const KINDS = "kinds: ['mount', 'uts', 'ipc', 'pid']";
const JOIN = `join: [{ pid: Number(pid), ${KINDS} }]`;
const STATUS = 'process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];';

const LINKS =
  'The links /proc/self/ns/* of the command say where it is. Compare each with the same link of the target: readlinkSync.';

export default {
  hints: [
    "The test needs a target first: spawn('sleep', ['60'], { namespaces: […] }) in beforeAll, and target.kill('SIGKILL') in afterAll.",
    'Give the target a host name in its setup, sys.sethostname, and a /proc of its own: sys.mount of type proc, after / has been made private.',
    'The program needs one call: spawn, with the option join. Its type is Joined, in packages/syscalls/src/spawn/namespaces.ts.',
    "join: [{ pid: Number(pid), kinds: ['mount', 'uts', 'ipc', 'pid'] }] joins four namespaces of one process at once.",
    'await child.exited tells how the command ended: a status, or a signal, whose number is in constants.signals of node:os.',
  ],
  mutants: [
    { mistake: 'only the mount namespace is joined', change: [[KINDS, "kinds: ['mount']"]], hint: LINKS },
    { mistake: 'the pid namespace is not joined', change: [[KINDS, "kinds: ['mount', 'uts', 'ipc']"]], hint: LINKS },
    { mistake: 'the IPC namespace is not joined', change: [[KINDS, "kinds: ['mount', 'uts', 'pid']"]], hint: LINKS },
    {
      mistake: 'the program joins its own namespaces',
      change: [['pid: Number(pid)', 'pid: process.pid']],
      hint: 'The target has another host name than the test. Let the command print it.',
    },
    {
      mistake: 'the program makes new namespaces and joins none',
      change: [[JOIN, "namespaces: ['mount', 'uts', 'ipc', 'pid']"]],
      hint: 'To be elsewhere than the test is not enough. The target has a host name of its own: let the command print it.',
    },
    {
      mistake: 'the command runs in the working directory of outside',
      change: [[`${JOIN},`, `${JOIN},\n  cwd: process.cwd(),`]],
      hint: 'Let the command print its working directory.',
    },
    {
      mistake: "the command's exit status is lost",
      change: [[STATUS, '']],
      hint: 'Run a command that ends with another status than 0: sh -c "exit 7".',
    },
    {
      mistake: 'a command that a signal ended counts as one that has worked',
      change: [[STATUS, 'process.exitCode = status ?? 0;']],
      hint: 'Run a command that ends itself by a signal: sh -c "kill -KILL $$".',
    },
  ],
} satisfies Lesson;
