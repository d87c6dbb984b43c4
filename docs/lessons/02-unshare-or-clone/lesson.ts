import type { Lesson } from '@ns-tool/course';

const CLONE = 'By clone only the child that it makes is in the new namespace. Look at all four lines of this way.';
const SELF = 'By unshare, self and children differ. self is what your test has in its own /proc/self/ns/pid.';

export default {
  hints: [
    'The test first: by unshare, which pid namespace does the program print for itself, and which for its first child?',
    'A child that says where it is: spawn("sh", ["-c", "echo $(readlink /proc/self/ns/pid) as $$"]). Wait for its promise exited.',
    "By unshare: sys.unshare(CLONE_NEWPID) once, before the first child; then both are started by spawn without namespaces. By clone: only the first is started with { namespaces: ['pid'] }.",
    'spawn throws a SyscallError where the child cannot be made: isErrno(error, "ENOMEM") tells whether it is the one that is expected.',
    'At the end, readlinkSync of /proc/self/ns/pid and of /proc/self/ns/pid_for_children.',
  ],
  // The pids of children.
  varies: [/(?<= as )(?!1$)\d+$/m],
  mutants: [
    {
      mistake: 'by unshare, it makes no namespace',
      change: [["if (way === 'unshare') sys.unshare(CLONE_NEWPID);", '']],
      hint: 'The first child must be PID 1, in a namespace that is not the one of your test.',
    },
    {
      mistake: 'by unshare, it makes the namespace after the first child',
      change: [
        ["if (way === 'unshare') sys.unshare(CLONE_NEWPID);", ''],
        ["await child('second'", "if (way === 'unshare') sys.unshare(CLONE_NEWPID); await child('second'"],
      ],
      hint: 'The first child must be PID 1, in a namespace that is not the one of your test.',
    },
    {
      mistake: 'for itself it prints the namespace of its children',
      change: [["/proc/self/ns/pid')", "/proc/self/ns/pid_for_children')"]],
      hint: SELF,
    },
    {
      mistake: 'for its children it prints the namespace that it is in itself',
      change: [['/proc/self/ns/pid_for_children', '/proc/self/ns/pid']],
      hint: SELF,
    },
    {
      mistake: 'it takes the pid of a child from a /proc that belongs to the namespace outside',
      change: [['as $$', 'as $(readlink /proc/self)']],
      hint: 'In its own namespace the first child has the pid 1, in both ways.',
    },
    {
      mistake: 'it says nothing of the second child where that cannot be made',
      change: [["if (!isErrno(error, 'ENOMEM')) throw error;", 'return;']],
      hint: 'By unshare, a second child cannot be made, since the first was PID 1 and has ended. Expect that line.',
    },
    {
      mistake: 'by clone, it makes no namespace',
      change: [["way === 'clone' ? ['pid'] : []", '[]']],
      hint: CLONE,
    },
    {
      mistake: 'by clone, it makes a second namespace for the second child',
      change: [["await child('second', [])", "await child('second', way === 'clone' ? ['pid'] : [])"]],
      hint: CLONE,
    },
    {
      mistake: 'by clone, it calls unshare instead, as by unshare',
      change: [
        ["if (way === 'unshare') sys", 'sys'],
        ["way === 'clone' ? ['pid'] : []", '[]'],
      ],
      hint: CLONE,
    },
  ],
} satisfies Lesson;
