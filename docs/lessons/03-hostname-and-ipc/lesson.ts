import type { Lesson } from '@ns-tool/course';

const MEANWHILE =
  'What is put back at the end looks the same afterwards. Let the command look from outside: nsenter --target PID --uts hostname, with the pid of the test.';

export default {
  hints: [
    'The test first: the command that it gives to the program is its eye inside. hostname prints the host name, ipcmk makes a segment, cat /proc/sysvipc/shm lists them.',
    'The program needs two system calls, sys.unshare and sys.sethostname, and then spawnSync of node:child_process.',
    'Both namespaces come from one call: sys.unshare(CLONE_NEWUTS | CLONE_NEWIPC). What comes before it happens outside.',
    "A null in spawnSync's status means that a signal has ended the command. process.exitCode is the status with which Node ends.",
    'For the test of the shared memory make a segment outside first, with execFileSync: the command must not see it.',
  ],
  mutants: [
    {
      mistake: 'the program forgets CLONE_NEWUTS, and changes the host name outside',
      change: [['CLONE_NEWUTS | CLONE_NEWIPC);', 'CLONE_NEWIPC);']],
      hint: 'Compare os.hostname() before and after.',
    },
    {
      mistake: 'there is no UTS namespace, and the program puts the host name outside back at the end',
      change: [
        [
          'sys.unshare(CLONE_NEWUTS | CLONE_NEWIPC);',
          "sys.unshare(CLONE_NEWIPC);\nconst before = spawnSync('hostname', { encoding: 'utf8' }).stdout.trim();",
        ],
        ['if (error) throw error;', 'sys.sethostname(before);\nif (error) throw error;'],
      ],
      hint: MEANWHILE,
    },
    {
      mistake: 'the host name is set before unshare, and so outside as well',
      change: [
        ['sys.unshare(CLONE_NEWUTS | CLONE_NEWIPC);', 'sys.sethostname(name);'],
        [
          '// Not before: it would be the name outside.\nsys.sethostname(name);',
          'sys.unshare(CLONE_NEWUTS | CLONE_NEWIPC);',
        ],
      ],
      hint: 'Compare os.hostname() before and after.',
    },
    {
      mistake: 'the host name is never set',
      change: [['sys.sethostname(name);', '']],
      hint: 'Let the command print the host name.',
    },
    {
      mistake: 'the host name ends with a newline',
      change: [['sys.sethostname(name);', 'sys.sethostname(`$' + '{name}\\n`);']],
      hint: 'The kernel takes any bytes as a host name. Compare the whole output of the command: toBe, not toMatch.',
    },
    {
      mistake: 'the program forgets CLONE_NEWIPC, and a segment of the command stays outside',
      change: [['CLONE_NEWUTS | CLONE_NEWIPC);', 'CLONE_NEWUTS);']],
      hint: 'Let the command make a segment, and compare /proc/sysvipc/shm before and after.',
    },
    {
      mistake: 'there is no IPC namespace, and the program removes all shared memory at the end',
      change: [
        ['CLONE_NEWUTS | CLONE_NEWIPC);', 'CLONE_NEWUTS);'],
        ['if (error) throw error;', "spawnSync('ipcrm', ['--all=shm']);\nif (error) throw error;"],
      ],
      hint: 'Where there was no segment before, there is none afterwards. Make one outside first: the command must not see it.',
    },
    {
      mistake: "the command's exit status is lost",
      change: [['process.exitCode = status ?? 1;', '']],
      hint: 'Run a command that ends with another status than 0: sh -c "exit 7".',
    },
  ],
} satisfies Lesson;
