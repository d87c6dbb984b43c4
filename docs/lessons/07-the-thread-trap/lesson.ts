import type { Lesson } from '@ns-tool/course';

const WRITE = 'writeFileSync(copy, text);';
const CAT = "process.stdout.write(execFileSync('cat', [copy]));";
const PRIVATE = "sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);";
const MOUNT = "sys.mount('tmpfs', directory, 'tmpfs', MS_NODEV | MS_NOSUID, null);";

/** Writes by fs.promises. */
const PROMISES = [
  ["import { readFile } from 'node:fs/promises';", "import { readFile, writeFile } from 'node:fs/promises';"],
  [WRITE, 'await writeFile(copy, text);'],
] as const;

const PRINTED =
  'Compare all that the program prints with the text: cat finds no file where the copy is on the other side.';
const OUTSIDE =
  'What the program prints is right here, since it writes and reads on the same wrong side. Look into the directory afterwards.';

export default {
  hints: [
    'The test first. Two things hold for a correct program: it prints the text, and afterwards the directory is as empty as before.',
    'readFile has started the threads of the pool before unshare. They stay outside for ever: what you call after unshare must not need them.',
    'fs.*Sync and execFileSync run on, or start from, the thread that has called unshare. fs.promises, fs with callbacks and streams open their files on a thread of the pool.',
    'In order: unshare, mount to make / private with MS_REC, mount for the tmpfs, writeFileSync, execFileSync of cat.',
    'Outside, a leak that is undone at the end leaves no trace but an event: sys.poll([{ fd, events: POLLPRI }], 0) on /proc/self/mountinfo, opened before the program runs.',
  ],
  mutants: [
    {
      mistake: 'the copy is written by fs.promises, that is, outside',
      change: [...PROMISES],
      hint: PRINTED,
    },
    {
      mistake: 'the copy is written by writeFile with a callback',
      change: [
        ["import { writeFileSync } from 'node:fs';", "import { writeFile } from 'node:fs';"],
        [WRITE, 'await new Promise((done) => writeFile(copy, text, done));'],
      ],
      hint: PRINTED,
    },
    {
      mistake: 'the copy is written by a stream',
      change: [
        ["import { writeFileSync } from 'node:fs';", "import { createWriteStream } from 'node:fs';"],
        [WRITE, 'await new Promise<void>((done) => createWriteStream(copy).end(text, done));'],
      ],
      hint: PRINTED,
    },
    {
      mistake: 'the copy is read by fs.promises, not by a child',
      change: [[CAT, "process.stdout.write(await readFile(copy, 'utf8'));"]],
      hint: PRINTED,
    },
    {
      mistake: 'the copy is written and read by fs.promises, both outside',
      change: [...PROMISES, [CAT, "process.stdout.write(await readFile(copy, 'utf8'));"]],
      hint: OUTSIDE,
    },
    {
      mistake: 'the copy has a relative name, in a working directory that was entered before the mount',
      change: [
        ['sys.unshare(CLONE_NEWNS);', 'process.chdir(directory);\nsys.unshare(CLONE_NEWNS);'],
        ["join(directory, 'copy')", "'copy'"],
      ],
      hint: OUTSIDE,
    },
    {
      mistake: 'the copy is written through a descriptor that was opened before unshare',
      change: [
        ["import { writeFileSync } from 'node:fs';", "import { openSync, writeFileSync } from 'node:fs';"],
        [
          'sys.unshare(CLONE_NEWNS);',
          'const file = openSync(join(directory, "copy"), "w");\nsys.unshare(CLONE_NEWNS);',
        ],
        [WRITE, 'writeFileSync(file, text);'],
      ],
      hint: PRINTED,
    },
    {
      mistake: 'the root is not made private: the tmpfs leaks, and is unmounted again at the end',
      change: [
        [PRIVATE, ''],
        [CAT, `${CAT}\nsys.umount2(directory, 0);`],
      ],
      hint: 'Before and after look the same. Open /proc/self/mountinfo before the program runs, and poll it afterwards.',
    },
    {
      mistake: 'no tmpfs is mounted: the copy is in the directory itself',
      change: [[MOUNT, '']],
      hint: OUTSIDE,
    },
  ],
  varies: [/(?<=^my-lessons\/trace\.)\d+/m, /(?<=^outside: )\d+/m],
} satisfies Lesson;
