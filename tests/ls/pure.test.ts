/** The parts of the listing that decide: no process, no file. */
import { describe, expect, it } from 'vitest';
import {
  COLUMN_NAMES,
  type ColumnName,
  namedColumns,
  usualColumns,
} from '../../packages/ns-tool/src/namespace-list/columns.ts';
import { byProcess, byRelation, flat, type Tree } from '../../packages/ns-tool/src/namespace-list/forest.ts';
import { namespaceMounts } from '../../packages/ns-tool/src/namespace-list/mountinfo.ts';
import {
  type Keeper,
  keptBy,
  linkTo,
  type Namespace,
  parseLink,
  pathTo,
} from '../../packages/ns-tool/src/namespace-list/namespace.ts';
import { parseStatus, userNames, wordsOf } from '../../packages/ns-tool/src/namespace-list/process.ts';
import { type TableOptions, toDocument, toTable } from '../../packages/ns-tool/src/namespace-list/show.ts';
import { paletteFor } from '../../packages/ns-tool/src/palette.ts';

function namespace(some: Partial<Namespace>): Namespace {
  const nothing = { mountPoints: [], keeper: null, parent: null, owner: null, ownerUid: null };
  return { type: 'uts', id: 1, nprocs: 1, pid: 100, ...nothing, ...some };
}

const kept = (keeper: Keeper, some: Partial<Namespace> = {}) => namespace({ nprocs: 0, pid: null, keeper, ...some });

describe('a link to a namespace', () => {
  it.each([
    ['net:[4026531833]', { type: 'net', id: 4026531833 }],
    ['cgroup:[1]', { type: 'cgroup', id: 1 }],
    ['pid_for_children:[1]', null],
    ['socket:[4026531833]', null],
    ['pipe:[7]', null],
    ['anon_inode:[pidfd]', null],
    ['/tmp/net:[1]', null],
    ['net:[1] (deleted)', null],
    ['net:[]', null],
    ['/', null],
    ['', null],
  ])('%s', (link, parsed) => {
    expect(parseLink(link)).toEqual(parsed);
    if (parsed !== null) expect(linkTo(parsed.type as Namespace['type'], parsed.id)).toBe(link);
  });
});

describe('what keeps a namespace', () => {
  it.each<[Keeper, string, string | null]>([
    [{ by: 'mount', path: '/run/netns/blue' }, '/run/netns/blue', '/run/netns/blue'],
    [{ by: 'descriptor', pid: 12, fd: 3 }, 'fd 3 of PID 12', '/proc/12/fd/3'],
    [{ by: 'thread', pid: 12, tid: 13 }, 'thread 13 of PID 12', '/proc/12/task/13/ns/time'],
    [{ by: 'children', pid: 12 }, 'PID 12 for its children', '/proc/12/ns/time_for_children'],
    [{ by: 'namespace', type: 'net', id: 99 }, 'net namespace 99', null],
  ])('%j', (keeper, words, path) => {
    expect(keptBy(kept(keeper))).toBe(words);
    expect(pathTo(kept(keeper, { type: 'time' }))).toBe(path);
  });

  it('is nothing that needs a name where a process is in it', () => {
    expect(keptBy(namespace({}))).toBeNull();
    expect(pathTo(namespace({ type: 'net', pid: 7 }))).toBe('/proc/7/ns/net');
  });
});

describe('the mounts of namespaces in mountinfo', () => {
  const root = '28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw';

  it('are the lines of nsfs', () => {
    const lines = [
      root,
      '41 28 0:4 net:[4026532193] /run/netns/blue rw shared:7 master:2 - nsfs nsfs rw',
      '42 28 0:4 mnt:[4026532194] /run/a\\040b\\011c\\134d\\012e rw - nsfs none rw,seclabel',
      '43 28 0:40 / /mnt/-\\040nsfs\\040x rw - tmpfs - rw',
      '',
    ];
    expect(namespaceMounts(Buffer.from(lines.join('\n')))).toEqual([
      { link: 'net:[4026532193]', mountPoint: '/run/netns/blue' },
      { link: 'mnt:[4026532194]', mountPoint: '/run/a b\tc\\d\ne' },
    ]);
  });

  it('are none in most tables', () => {
    expect(namespaceMounts(Buffer.from(`${root}\n`))).toEqual([]);
    expect(namespaceMounts(Buffer.from(''))).toEqual([]);
  });

  it('are not those of a filesystem whose source is called nsfs', () => {
    expect(namespaceMounts(Buffer.from('43 28 0:40 / /mnt rw - tmpfs nsfs rw\n'))).toEqual([]);
    expect(namespaceMounts(Buffer.from('43 28 0:40 / /mnt rw - tmpfs a - nsfs b rw\n'))).toEqual([]);
  });

  it('keep the bytes of a name that is not UTF-8', () => {
    const line = Buffer.from('41 28 0:4 net:[1] /run/\xff\\040 rw - nsfs nsfs rw\n', 'latin1');
    expect(namespaceMounts(line)).toEqual([{ link: 'net:[1]', mountPoint: '/run/\udcff ' }]);
  });

  it('are read from a whole table, of which each line ends', () => {
    expect(() => namespaceMounts(Buffer.from('41 28 0:4 net:[1] /run/a rw - nsfs nsfs r'))).toThrow('newline');
  });
});

describe('a process', () => {
  it('has its parent and its effective user in status, whatever its name', () => {
    const status =
      'Name:\tPPid:\\n PPid:\t7\\nUid:\t1\t2\t3\\n\nUmask:\t0022\nPid:\t9\nPPid:\t4\nUid:\t1000\t1001\t1002\t1003\n';
    expect(parseStatus(status)).toEqual({ ppid: 4, uid: 1001 });
  });

  it.each([
    ['sleep\x00100\0', 'sleep 100'],
    ['a b\0\0c\n(d)\0', 'a b  c\n(d)'],
    ['sh\0-c\0\0', 'sh -c '],
    ['set by itself', 'set by itself'],
  ])('has words in %j', (cmdline, words) => {
    expect(wordsOf(cmdline)).toBe(words);
  });

  it('has a user whose first name in passwd counts', () => {
    const names = userNames(
      'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\n# comment\n::5:5\n+nis::::::\nann:x:1000:1::/:\n',
    );
    expect([...names].sort()).toEqual([
      [0, 'root'],
      [1000, 'ann'],
    ]);
  });
});

describe('the columns', () => {
  it.each<[string | undefined, string[]]>([
    [undefined, ['NS', 'TYPE']],
    ['PID', ['PID']],
    ['pid,Ns,PID', ['PID', 'NS', 'PID']],
    ['+path,PNS', ['NS', 'TYPE', 'PATH', 'PNS']],
    ['NS,', ['NS', '']],
    ['', ['']],
    ['+', ['NS', 'TYPE', '']],
    ['NS,+PATH', ['NS', '+PATH']],
  ])('that %j names', (list, names) => {
    expect(namedColumns(list, ['NS', 'TYPE'])).toEqual(names);
  });

  it('are those of lsns where none are named, and what only ns-tool knows as data', () => {
    expect(usualColumns([], false).join()).toBe('NS,TYPE,NPROCS,PID,USER,COMMAND');
    expect(usualColumns(['uts'], true).join()).toBe('NS,TYPE,NPROCS,PID,USER,COMMAND,KEPTBY');
    expect(usualColumns(['uts', 'net'], false).join()).toBe('NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND');
  });
});

/** Trees as text: `1(2 3(4)) 5`. */
const outline = (forest: readonly Tree[]): string =>
  forest.map(({ namespace: { id }, children }) => (children.length > 0 ? `${id}(${outline(children)})` : id)).join(' ');

describe('trees', () => {
  it('are none in a list', () => {
    expect(outline(flat([namespace({ id: 3 }), namespace({ id: 2, owner: 3 })]))).toBe('3 2');
  });

  it('by process: below the last line before in which the parent of the process stands', () => {
    const parents: Record<number, number> = { 10: 1, 11: 10, 12: 11, 13: 99 };
    const list = [
      namespace({ id: 1, pid: 1 }),
      namespace({ id: 2, pid: 11 }),
      namespace({ id: 3, pid: 10 }),
      namespace({ id: 4, pid: 10 }),
      namespace({ id: 5, pid: 11 }),
      namespace({ id: 6, pid: 12 }),
      namespace({ id: 7, pid: 13 }),
      kept({ by: 'mount', path: '/x' }, { id: 8 }),
      namespace({ id: 9, pid: 14 }),
    ];
    expect(outline(byProcess(list, (pid) => parents[pid] ?? null))).toBe('1(3 4(5(6))) 2 7 8 9');
  });

  const owned = [
    namespace({ id: 1, type: 'uts', owner: 9 }),
    namespace({ id: 2, type: 'user' }),
    namespace({ id: 3, type: 'net', owner: 2 }),
    namespace({ id: 4, type: 'pid', owner: 2, parent: null }),
    namespace({ id: 5, type: 'pid', owner: 9, parent: 4 }),
    namespace({ id: 9, type: 'user', owner: 2, parent: 2 }),
  ];

  it('by owner: an owner comes with the first that it owns', () => {
    expect(outline(byRelation('owner', owned, owned))).toBe('2(9(1 5) 3 4)');
  });

  it('by parent: what has none stands alone, after its owner', () => {
    expect(outline(byRelation('parent', owned, owned))).toBe('2(9) 1 3 4(5)');
  });

  it('bring along what those that are shown are below of, and nothing else', () => {
    const shown = owned.filter(({ id }) => id === 5);
    expect(outline(byRelation('owner', shown, owned))).toBe('2(9(5))');
    expect(outline(byRelation('parent', shown, owned))).toBe('4(5)');
  });

  it('begin where an owner is out of sight', () => {
    expect(outline(byRelation('owner', [namespace({ id: 1, owner: 77 })], []))).toBe('1');
  });
});

describe('what is printed', () => {
  const processes: Record<number, { ppid: number; uid: number; command: string }> = {
    100: { ppid: 1, uid: 0, command: 'sleep 100' },
    101: { ppid: 100, uid: 1000, command: 'a \x1b[31mb\n' },
  };
  const netnsIds: Record<number, number | 'unassigned'> = { 70: 0, 71: 12, 72: 'unassigned' };
  const rowOf = (it: Namespace) => ({
    namespace: it,
    process: it.pid === null ? null : (processes[it.pid] ?? null),
    netnsId: netnsIds[it.id] ?? null,
    nameOf: (uid: number) => (uid === 0 ? 'root' : String(uid)),
  });
  const plain: TableOptions = { headings: true, drawn: null, unicode: true, width: null, palette: paletteFor(false) };
  const table = (forest: readonly Tree[], names: readonly ColumnName[], options: Partial<TableOptions> = {}) =>
    toTable(forest, names, rowOf, { ...plain, ...options }).map((line) => `${line}|`);

  const two = flat([namespace({ id: 1, type: 'user' }), namespace({ id: 20, pid: 101, nprocs: 12 })]);
  const tree: Tree[] = [
    {
      namespace: namespace({ id: 1 }),
      children: [
        { namespace: namespace({ id: 2 }), children: flat([namespace({ id: 30 })]) },
        { namespace: namespace({ id: 4 }), children: flat([namespace({ id: 5 })]) },
      ],
    },
    ...flat([namespace({ id: 6 })]),
  ];

  it('is a table: numbers at the right, the rest at the left, no blank at the end', () => {
    expect(table(two, ['NS', 'TYPE', 'NPROCS', 'USER', 'COMMAND'])).toEqual([
      'NS TYPE NPROCS USER COMMAND|',
      ' 1 user      1 root sleep 100|',
      '20 uts      12 1000 a \\033[31mb\\012|',
    ]);
    expect(table(two, ['PATH', 'PPID', 'UID', 'PID'], { headings: false })).toEqual([
      '/proc/100/ns/user    1    0 100|',
      '/proc/101/ns/uts   100 1000 101|',
    ]);
  });

  it('is nothing at all without a namespace and headings', () => {
    expect(table([], ['NS'], { headings: false })).toEqual([]);
  });

  it('is a tree in the column that is drawn, which is not aligned at the right then', () => {
    expect(table(tree, ['NS', 'TYPE'], { drawn: 'NS' })).toEqual([
      'NS     TYPE|',
      '1      uts|',
      '├─2    uts|',
      '│ └─30 uts|',
      '└─4    uts|',
      '  └─5  uts|',
      '6      uts|',
    ]);
    expect(table(tree, ['PID', 'NS'], { drawn: 'NS', unicode: false, headings: false })).toEqual([
      '100 1|',
      '100 |-2|',
      '100 | `-30|',
      '100 `-4|',
      '100   `-5|',
      '100 6|',
    ]);
  });

  it('has its headings bold and the strokes of the tree dim, where colours are wanted', () => {
    const options = { drawn: 'NS', palette: paletteFor(true) } as const;
    expect(table(tree, ['PID', 'NS', 'TYPE'], options).slice(0, 4)).toEqual([
      '\x1b[1mPID NS     TYPE\x1b[22m|',
      '100 1      uts|',
      '100 \x1b[2m├─\x1b[22m2    uts|',
      '100 \x1b[2m│ └─\x1b[22m30 uts|',
    ]);
    expect(table(tree, ['NS', 'TYPE'], { ...options, drawn: null })[1]).toBe(' 1 uts|');
  });

  it('says what keeps a namespace in place of the command, unless a column does', () => {
    const forest = flat([kept({ by: 'mount', path: '/run/a\nb' }, { id: 7, mountPoints: ['/run/a\nb', '/c'] })]);
    expect(table(forest, ['NS', 'PID', 'USER', 'COMMAND'])).toEqual([
      'NS PID USER COMMAND|',
      ' 7          kept by /run/a\\012b|',
    ]);
    expect(table(forest, ['COMMAND', 'KEPTBY', 'NS'], { headings: false })).toEqual(['        /run/a\\012b  7|']);
  });

  it('joins several mount points by commas', () => {
    const forest = flat([namespace({ mountPoints: ['/a b', '/c'] })]);
    expect(table(forest, ['NSFS'], { headings: false })).toEqual(['/a b,/c|']);
  });

  it('knows the user who made a user namespace in which nobody is', () => {
    const forest = flat([kept({ by: 'namespace', type: 'user', id: 3 }, { type: 'user', ownerUid: 1000 })]);
    expect(table(forest, ['USER', 'UID'], { headings: false })).toEqual(['1000 1000|']);
  });

  it('leaves out what a process that has ended would have said', () => {
    const forest = flat([namespace({ pid: 555 })]);
    expect(table(forest, ['PID', 'PPID', 'USER', 'COMMAND'], { headings: false })).toEqual(['555|']);
  });

  it.each([
    [30, 'NS COMMAND   PATH             |', ' 1 sleep 100 /proc/100/ns/uts |'],
    [28, 'NS COMMAND  PATH|', ' 1 sleep 10 /proc/100/ns/uts|'],
    [27, 'NS COMMAND PATH|', ' 1 sleep 1 /proc/100/ns/uts|'],
    [10, 'NS COMMAND PATH|', ' 1 sleep 1 /proc/100/ns/uts|'],
  ])('is cut to %i characters in COMMAND, down to its heading', (width, ...lines) => {
    const shown = table(flat([namespace({})]), ['NS', 'COMMAND', 'PATH'], { width });
    expect(shown).toEqual(lines.map((line) => line.replace(/ +\|$/, '|')));
  });

  it('is cut by what a terminal shows: two columns for a wide character, none for a combining one', () => {
    processes[200] = { ppid: 1, uid: 0, command: 'e\u0301a日本語x' };
    const forest = flat([namespace({ pid: 200 })]);
    expect(table(forest, ['COMMAND', 'NS'], { width: 12, headings: false })).toEqual(['e\u0301a日本語x  1|']);
    expect(table(forest, ['COMMAND', 'NS'], { width: 11, headings: false })).toEqual(['e\u0301a日本語  1|']);
    expect(table(forest, ['COMMAND', 'NS'], { width: 10, headings: false })).toEqual(['e\u0301a日本   1|']);
  });

  it('is a document of the same columns in lower case, with numbers as numbers and text as it is', () => {
    const lines = flat([
      namespace({ id: 8, pid: 101, owner: 3 }),
      kept({ by: 'descriptor', pid: 5, fd: 6 }, { id: 9 }),
    ]);
    const names = COLUMN_NAMES.filter((name) => name !== 'TYPE');
    expect(toDocument(lines, names, rowOf)).toEqual({
      namespaces: [
        {
          ns: 8,
          path: '/proc/101/ns/uts',
          nprocs: 1,
          pid: 101,
          ppid: 100,
          command: 'a \x1b[31mb\n',
          uid: 1000,
          user: '1000',
          netnsid: null,
          nsfs: null,
          pns: 0,
          ons: 3,
          keptby: null,
        },
        {
          ns: 9,
          path: '/proc/5/fd/6',
          nprocs: 0,
          pid: null,
          ppid: null,
          command: null,
          uid: null,
          user: null,
          netnsid: null,
          nsfs: null,
          pns: 0,
          ons: 0,
          keptby: 'fd 6 of PID 5',
        },
      ],
    });
  });

  it('has the ID of a network namespace as text in the document, as lsns(8) has it, for it may be a word', () => {
    const forest = flat([70, 71, 72, 73].map((id) => namespace({ id, type: 'net' })));
    expect(toDocument(forest, ['NETNSID'], rowOf)).toEqual({
      namespaces: [{ netnsid: '0' }, { netnsid: '12' }, { netnsid: 'unassigned' }, { netnsid: null }],
    });
    expect(table(forest, ['NETNSID', 'NS'])).toEqual([
      '   NETNSID NS|',
      '         0 70|',
      '        12 71|',
      'unassigned 72|',
      '           73|',
    ]);
  });

  it('has children in the document only where there are some', () => {
    expect(toDocument(tree, ['NS'], rowOf)).toEqual({
      namespaces: [
        {
          ns: 1,
          children: [
            { ns: 2, children: [{ ns: 30 }] },
            { ns: 4, children: [{ ns: 5 }] },
          ],
        },
        { ns: 6 },
      ],
    });
  });
});
