/** What is found on this machine, by processes that each test starts: the others here do not matter. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs, { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { interpose, O_PATH, sys } from '@ns-tool/syscalls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Files } from '../../packages/ns-tool/src/namespace-list/files.ts';
import { listNamespaces, type Query } from '../../packages/ns-tool/src/namespace-list/list.ts';
import { type Namespace, type NamespaceType, parseLink } from '../../packages/ns-tool/src/namespace-list/namespace.ts';
import { readProcess } from '../../packages/ns-tool/src/namespace-list/process.ts';
import { namespacesOf, survey } from '../../packages/ns-tool/src/namespace-list/survey.ts';
import { needsRoot } from '../support/privilege.ts';

const LIBRARY = fileURLToPath(new URL('../../packages/syscalls/dist/index.js', import.meta.url));

interface Started {
  readonly pid: number;
  /** The words of the first line that it has printed. */
  readonly words: readonly string[];
  end(): Promise<void>;
}

/** Starts a program in a session of its own, and waits for its first line. All of the session ends with the test. */
async function start(command: string, ...args: string[]): Promise<Started> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const end = () => ended(child);
  onTestFinished(end);
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (status) => reject(new Error(`${command} ${args.join(' ')}: ended with ${status}`)));
  });
  return { pid: child.pid as number, words: line.split(' '), end };
}

async function ended(child: ChildProcess): Promise<void> {
  const isOver = child.exitCode !== null || child.signalCode !== null;
  const exit = isOver ? undefined : new Promise((resolve) => child.once('exit', resolve));
  try {
    process.kill(-(child.pid as number), 'SIGKILL');
  } catch {
    // There is nobody left in it.
  }
  await exit;
}

const shell = (script: string) => start('sh', '-c', script);

/** A command that ends once its parent has become sleep(1), which reaps nobody. */
const ENDS_UNREAPED = `sh -c 'until grep -qx sleep /proc/$PPID/comm; do :; done'`;

/** Runs JavaScript with the library's `sys` in a process of its own, which then waits for its end. */
const node = (script: string) =>
  start(
    process.execPath,
    '-e',
    `import(${JSON.stringify(LIBRARY)}).then(async (library) => { ${script}; setInterval(() => {}, 1e6); })`,
  );

const idOf = (link: string) => parseLink(readlinkSync(link))?.id ?? Number.NaN;
const namespaceOf = (pid: number, type: NamespaceType) => idOf(`/proc/${pid}/ns/${type}`);

function found(id: number, owners = true, files: Files = fs): Namespace | undefined {
  const { namespaces } = survey(files, sys, owners);
  const those = namespaces.filter((namespace) => namespace.id === id);
  expect(those.length).toBeLessThanOrEqual(1);
  return those[0];
}

const NOTHING = { mountPoints: [], keeper: null, parent: null, ownerUid: null };
const own = (type: string) => idOf(`/proc/thread-self/ns/${type}`);

/** The same functions, some of them others. */
const layered = (layer: Partial<Record<keyof Files, (...args: never[]) => unknown>>): Files =>
  ({ ...fs, ...layer }) as unknown as Files;

/** A layer in which there are these processes only. */
const only = (...pids: readonly number[]) => ({
  readdirSync: (path: string) => (path === '/proc' ? pids.map(String) : readdirSync(path)),
});

describe.skipIf(needsRoot('what a survey finds'))('a survey', () => {
  it('finds what this process is in, and says so of it alone', () => {
    const types: NamespaceType[] = ['mnt', 'net', 'ipc', 'user', 'pid', 'uts', 'cgroup', 'time'];
    const ids = types.filter((type) => fs.existsSync(`/proc/self/ns/${type}`)).map(own);
    expect(namespacesOf(fs, process.pid)).toEqual(new Set(ids));
    const { namespaces } = survey(fs, sys, true);
    for (const id of ids) expect(namespaces.find((namespace) => namespace.id === id)?.nprocs).toBeGreaterThan(0);
    expect(namespaces.map(({ id }) => id)).toEqual(namespaces.map(({ id }) => id).sort((a, b) => a - b));
  });

  it('finds a user namespace that an ordinary user can make, and who owns it', async () => {
    const { pid } = await shell('exec unshare -Ur sh -c "echo ready; exec sleep 1000"');
    const id = namespaceOf(pid, 'user');
    expect(found(id)).toEqual({
      ...NOTHING,
      type: 'user',
      id,
      nprocs: 1,
      pid,
      owner: own('user'),
      parent: own('user'),
    });
  });

  it('finds one that nothing but a namespace below it keeps, whether owners are asked for or not', async () => {
    const { pid, words } = await shell(
      'exec unshare -Ur sh -c \'outer=$(readlink /proc/self/ns/user); exec unshare -Ur sh -c "echo $outer; exec sleep 1000"\'',
    );
    const outer = parseLink(words[0] ?? '')?.id ?? 0;
    const inner = namespaceOf(pid, 'user');
    const uid = process.geteuid?.();
    const there = {
      ...NOTHING,
      type: 'user',
      id: outer,
      nprocs: 0,
      pid: null,
      owner: own('user'),
      parent: own('user'),
    };
    for (const owners of [true, false]) {
      const keeper = { by: 'namespace', type: 'user', id: inner };
      expect(found(outer, owners)).toEqual({ ...there, keeper, ownerUid: uid });
      expect(found(inner, owners)).toMatchObject({ owner: outer, parent: outer, nprocs: 1 });
    }
  });

  it('leaves out a process that has ended when it is looked at', () => {
    const { unreadable, namespaces } = survey(layered(only(process.pid, 4194305)), sys, true);
    expect(unreadable).toBe(0);
    expect(namespaces.filter(({ pid }) => pid !== null && pid !== process.pid)).toEqual([]);
  });

  it('leaves out of a process that ends while it is looked at what it has not seen', async () => {
    // Its parent reaps it.
    const { words } = await shell('unshare -Ur sleep 1000 & echo $!; wait');
    const pid = Number(words[0]);
    await until(() => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
    const id = namespaceOf(pid, 'user');
    const ending = layered({
      ...only(process.pid, pid),
      readlinkSync: (path: string) => {
        const link = readlinkSync(path);
        if (path === `/proc/${pid}/ns/user`) {
          process.kill(pid, 'SIGKILL');
          while (fs.existsSync(`/proc/${pid}`));
        }
        return link;
      },
    });
    const { namespaces, unreadable } = survey(ending, sys, true);
    const its = namespaces.find((namespace) => namespace.id === id);
    // It was there, and nobody can be asked any more whose it was.
    expect(its).toEqual({ ...NOTHING, type: 'user', id, nprocs: 1, pid, owner: null });
    expect(unreadable).toBe(0);
    expect(readProcess(fs, pid)).toBeNull();
    // Its number may be another's by now.
    expect(found(id)?.pid).not.toBe(pid);
  });

  it('asks no other namespace for its owner where the process has changed its own meanwhile', async () => {
    const { pid } = await shell('exec unshare -Ur sh -c "echo ready; exec sleep 1000"');
    const id = namespaceOf(pid, 'user');
    const moved = layered({
      openSync: (path: string, flags: number) =>
        openSync(path === `/proc/${pid}/ns/user` ? '/proc/self/ns/uts' : path, flags),
    });
    expect(found(id, true, moved)).toMatchObject({ pid, owner: null, parent: null });
  });

  it('counts a process that has ended and is not reaped where it still is', async () => {
    const { words } = await shell(`unshare -Ur ${ENDS_UNREAPED} & echo $!; exec sleep 1000`);
    const pid = Number(words[0]);
    await until(() => /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    const id = namespaceOf(pid, 'user');
    expect(found(id)).toMatchObject({ nprocs: 1, pid });
    expect(namespacesOf(fs, pid)).toEqual(new Set([id, own('pid')]));
    expect(readProcess(fs, pid)).toMatchObject({ command: 'sh' });
  });

  it('leaves no descriptor open', () => {
    survey(fs, sys, true);
    const before = readdirSync('/proc/self/fd');
    survey(fs, sys, true);
    expect(readdirSync('/proc/self/fd')).toEqual(before);
  });

  it('counts processes that may not be looked at', () => {
    const forbidden = layered({
      ...only(process.pid),
      readlinkSync: (path: string) => {
        if (path !== `/proc/${process.pid}/ns/user`) return readlinkSync(path);
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      },
    });
    expect(survey(forbidden, sys, true).unreadable).toBe(1);
    expect(survey(layered(only(process.pid)), sys, true).unreadable).toBe(0);
    expect(() => namespacesOf(forbidden, process.pid)).toThrow('EACCES');
  });
});

/** Waits for something to become true, and for what it looks at to exist. */
async function until(holds: () => boolean): Promise<void> {
  for (;;) {
    try {
      if (holds()) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a process', () => {
  it.each([
    ["exec -a 'a b' sleep 1000", 'a b 1000'],
    ["exec -a $'a\\nPPid:\\t77\\nUid:\\t5\\t5\\t5\\t5' sleep 1000", 'a\nPPid:\t77\nUid:\t5\t5\t5\t5 1000'],
    ["exec -a '(x) R 5 ) (' sleep 1000", '(x) R 5 ) ( 1000'],
    ["exec -a '' sleep 1000", ' 1000'],
  ])('may be called anything: %s', async (script, command) => {
    const { pid } = await start('bash', '-c', `echo ready; ${script}`);
    // exec(2) sets the name before the command line.
    await until(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').endsWith('\x001000\0'));
    expect(readProcess(fs, pid)).toEqual({ ppid: process.pid, uid: process.geteuid?.(), command });
  });

  it('may have a name of any characters, which is not its status', async () => {
    // PR_SET_NAME, by a write to its own comm.
    const { pid } = await start('bash', '-c', "printf 'x\\nPPid:\\t7\\nUid:' > /proc/$$/comm; echo ready; read");
    expect(readProcess(fs, pid)).toMatchObject({ ppid: process.pid, uid: process.geteuid?.() });
  });

  it('without a command line is shown by its name', async () => {
    const { words } = await shell(`${ENDS_UNREAPED} & echo $!; exec sleep 1000`);
    const pid = Number(words[0]);
    await until(() => /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    expect(readProcess(fs, pid)).toMatchObject({ command: 'sh' });
  });
});

describe.skipIf(needsRoot('what a listing asks for'))('a listing', () => {
  const query: Query = { types: [], pid: null, arrangement: 'list', owners: false };

  it('is of a process, and then also the error if there is none', async () => {
    const { pid } = await shell('exec unshare -Ur sh -c "echo ready; exec sleep 1000"');
    const { forest } = listNamespaces(fs, sys, { ...query, pid });
    expect(new Set(forest.map(({ namespace }) => namespace.id))).toEqual(namespacesOf(fs, pid));
    expect(() => listNamespaces(fs, sys, { ...query, pid: 4194305 })).toThrow(/ENOENT/);
  });

  it('asks for the ID of a network namespace when that is asked for', () => {
    const opened: unknown[] = [];
    const watching = interpose(sys, ({ name, args, perform }) => {
      if (name === 'socket') opened.push(args);
      return perform();
    });
    const { forest, rowOf } = listNamespaces(fs, watching, { ...query, types: ['net', 'uts'] });
    const own = forest.filter(({ namespace: { id } }) =>
      [idOf('/proc/self/ns/net'), idOf('/proc/self/ns/uts')].includes(id),
    );
    const rows = own.map(({ namespace }) => rowOf(namespace));
    expect(opened).toEqual([]);
    const ids = new Map(rows.map(({ namespace: { type }, netnsId }) => [type, netnsId]));
    expect(opened).toHaveLength(1);
    expect(ids.get('net')).toSatisfy((id) => id === 'unassigned' || typeof id === 'number');
    expect(ids.get('uts')).toBeNull();
  });

  it('reads about a process when it is asked for, and once', async () => {
    const read: string[] = [];
    const counting = layered({
      readFileSync: (path: string, encoding: 'utf8') => {
        read.push(path);
        return readFileSync(path, encoding);
      },
    });
    const { forest, rowOf } = listNamespaces(counting, sys, { ...query, types: ['user', 'pid'] });
    const ofProcesses = () => read.filter((path) => /^\/proc\/\d+\/status$/.test(path));
    expect(ofProcesses()).toEqual([]);
    for (let i = 0; i < 2; i++) for (const { namespace } of forest) rowOf(namespace).process;
    expect(ofProcesses().length).toBe(new Set(ofProcesses()).size);
    expect(ofProcesses().length).toBeGreaterThan(0);
  });
});

describe.skipIf(needsRoot('ns-tool ls of namespaces without a process'))(
  'a namespace without a process is found',
  () => {
    const KEPT = { ...NOTHING, nprocs: 0, pid: null };

    it('where a descriptor keeps it', async () => {
      const child = await shell('exec unshare -u sh -c "echo ready; exec sleep 1000"');
      const path = `/proc/${child.pid}/ns/uts`;
      const id = idOf(path);
      expect(found(id)).toEqual({ ...NOTHING, type: 'uts', id, nprocs: 1, pid: child.pid, owner: own('user') });
      const fd = openSync(path, 'r');
      try {
        expect(found(id)).toMatchObject({ nprocs: 1, keeper: null });
        await child.end();
        const keeper = { by: 'descriptor', pid: process.pid, fd };
        expect(found(id)).toEqual({ ...KEPT, type: 'uts', id, keeper, owner: own('user') });
      } finally {
        closeSync(fd);
      }
      // Its number may be another's by now.
      expect(found(id)?.keeper ?? null).toBeNull();
    });

    it('where a mount keeps it, in a mount namespace of its own', async () => {
      const { pid, words } = await shell(
        `exec unshare -m sh -c 'mount -t tmpfs x /mnt && touch "/mnt/a b" && unshare --uts="/mnt/a b" readlink /proc/self/ns/uts > /mnt/id && cat /mnt/id && exec sleep 1000'`,
      );
      const id = parseLink(words[0] ?? '')?.id ?? 0;
      const path = `/proc/${pid}/root/mnt/a b`;
      const keeper = { by: 'mount', path };
      expect(found(id)).toEqual({ ...KEPT, type: 'uts', id, keeper, mountPoints: [path], owner: own('user') });
      expect(statSync(path).ino).toBe(id);
    });

    it('where a mount keeps it, on a file whose name is not UTF-8', async () => {
      const { pid, words } = await start(
        'unshare',
        '-m',
        'bash',
        '-c',
        "n=$'/mnt/\\xff'; mount -t tmpfs x /mnt && touch $n && unshare --uts=$n readlink /proc/self/ns/uts > /mnt/id && cat /mnt/id && exec sleep 1000",
      );
      const id = parseLink(words[0] ?? '')?.id ?? 0;
      const path = `/proc/${pid}/root/mnt/\udcff`;
      const keeper = { by: 'mount', path };
      expect(found(id)).toEqual({ ...KEPT, type: 'uts', id, keeper, mountPoints: [path], owner: own('user') });
    });

    it('where a mount keeps it, also if something else is mounted over it, which is not opened then', async () => {
      const { pid, words } = await shell(
        `exec unshare -m sh -c '
        mount -t tmpfs x /mnt && touch /mnt/n && mkfifo /mnt/fifo && unshare --uts=/mnt/n readlink /proc/self/ns/uts > /mnt/id &&
        mount --bind /mnt/fifo /mnt/n && cat /mnt/id && exec sleep 1000'`,
      );
      const id = parseLink(words[0] ?? '')?.id ?? 0;
      const opened: string[] = [];
      const watching = layered({
        openSync(path: string, flags: number) {
          if (flags === O_PATH || !statSync(path).isFIFO()) return openSync(path, flags);
          opened.push(path);
          throw new Error('who opened it would wait for ever');
        },
      });
      const path = `/proc/${pid}/root/mnt/n`;
      const keeper = { by: 'mount', path };
      expect(found(id, true, watching)).toEqual({ ...KEPT, type: 'uts', id, keeper, mountPoints: [path], owner: null });
      expect(opened).toEqual([]);
    });

    it('once, where the mount is in many mount namespaces', async () => {
      const { words } = await shell(
        `exec unshare -m sh -c '
        mount -t tmpfs x /mnt && touch /mnt/n && unshare --net=/mnt/n readlink /proc/self/ns/net > /mnt/id
        for i in 1 2; do unshare -m sh -c "touch /mnt/$i; exec sleep 1000" & done
        until [ -e /mnt/1 ] && [ -e /mnt/2 ]; do :; done
        cat /mnt/id; exec sleep 1000'`,
      );
      const id = parseLink(words[0] ?? '')?.id ?? 0;
      expect(found(id)?.mountPoints).toHaveLength(1);
    });

    it('where a descriptor keeps it that was opened by a mount which is gone', async () => {
      const { pid, words } = await start(
        'unshare',
        '-m',
        'bash',
        '-c',
        'mount -t tmpfs x /mnt && touch /mnt/n && unshare --uts=/mnt/n readlink /proc/self/ns/uts > /mnt/id && exec 5</mnt/n && umount -l /mnt/n && cat /mnt/id && exec sleep 1000',
      );
      const id = parseLink(words[0] ?? '')?.id ?? 0;
      expect(readlinkSync(`/proc/${pid}/fd/5`)).toBe('/');
      expect(found(id)).toEqual({
        ...KEPT,
        type: 'uts',
        id,
        keeper: { by: 'descriptor', pid, fd: 5 },
        owner: own('user'),
      });
    });

    it('where a thread keeps it', async () => {
      const { pid, words } = await node(`
      const { Worker } = require('node:worker_threads');
      new Worker(\`
        import(${JSON.stringify(LIBRARY)}).then(({ sys, CLONE_NEWUTS }) => {
          sys.unshare(CLONE_NEWUTS);
          const fs = require('node:fs');
          const tid = fs.readlinkSync('/proc/thread-self').split('/').pop();
          fs.writeSync(1, fs.readlinkSync('/proc/thread-self/ns/uts') + ' ' + tid + '\\\\n');
          setInterval(() => {}, 1e6);
        })\`, { eval: true })`);
      const id = parseLink(words[0] ?? '')?.id ?? 0;
      const keeper = { by: 'thread', pid, tid: Number(words[1]) };
      expect(namespaceOf(pid, 'uts')).not.toBe(id);
      expect(found(id)).toEqual({ ...KEPT, type: 'uts', id, keeper, owner: own('user') });
    });

    it('where it waits for the children of a process', async () => {
      const { pid } = await node('library.sys.unshare(library.CLONE_NEWTIME); console.log("ready")');
      const id = idOf(`/proc/${pid}/ns/time_for_children`);
      expect(id).not.toBe(namespaceOf(pid, 'time'));
      expect(found(id)).toEqual({ ...KEPT, type: 'time', id, keeper: { by: 'children', pid }, owner: own('user') });
    });

    it('where it owns one that something else keeps', async () => {
      const child = await shell('exec unshare -Un sh -c "echo ready; exec sleep 1000"');
      const id = namespaceOf(child.pid, 'user');
      const net = namespaceOf(child.pid, 'net');
      const fd = openSync(`/proc/${child.pid}/ns/net`, 'r');
      try {
        await child.end();
        for (const owners of [true, false]) {
          const keeper = { by: 'namespace', type: 'net', id: net };
          expect(found(id, owners)).toMatchObject({ nprocs: 0, type: 'user', keeper, ownerUid: 0, owner: own('user') });
          expect(found(net, owners)).toMatchObject({ owner: id, keeper: { by: 'descriptor', pid: process.pid, fd } });
        }
      } finally {
        closeSync(fd);
      }
    });

    it('and who made it, if it is a user namespace', async () => {
      const { words } = await shell(
        `exec setpriv --reuid 54321 --regid 54321 --clear-groups unshare -Ur sh -c '
        outer=$(readlink /proc/self/ns/user); exec unshare -Ur sh -c "echo $outer; exec sleep 1000"'`,
      );
      expect(found(parseLink(words[0] ?? '')?.id ?? 0)).toMatchObject({
        nprocs: 0,
        keeper: { by: 'namespace' },
        ownerUid: 54321,
      });
    });

    it('and a descriptor of something else at a path that is `/` is none', async () => {
      const { pid } = await start('bash', '-c', 'exec 5</; echo ready; exec sleep 1000');
      expect(readlinkSync(`/proc/${pid}/fd/5`)).toBe('/');
      expect(found(statSync('/').ino)).toBeUndefined();
    });

    it('whose owner is asked for where a process is in it only if that is wanted', async () => {
      const { pid } = await shell('exec unshare -up --fork --kill-child sh -c "echo ready; exec sleep 1000"');
      const uts = namespaceOf(pid, 'uts');
      const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
      expect(found(uts, false)).toMatchObject({ owner: null, parent: null });
      expect(found(uts, true)).toMatchObject({ owner: own('user'), parent: null });
      for (const owners of [true, false]) {
        expect(found(namespaceOf(child, 'pid'), owners)).toMatchObject({
          owner: own('user'),
          parent: own('pid'),
          pid: child,
        });
      }
    });
  },
);
