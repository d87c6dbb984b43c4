/**
 * The recipe of a container: from the plan to the system calls that make it, in their order. Pure. `--dry-run` prints it.
 *
 * What an image holds may be hostile: a symbolic link in place of /proc, or of the target of a volume. All paths of the
 * image are therefore looked up once its root is the root of the process, where no link leads out, and no lookup goes
 * through the links of /proc, which can lead anywhere (RESOLVE_NO_MAGICLINKS). What comes from the host is opened before.
 */
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  AT_REMOVEDIR,
  becomeUser,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_REC,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  O_WRONLY,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  RESOLVE_NO_MAGICLINKS,
  type Recorder,
  S_IFREG,
  type SpawnOptions,
} from '@ns-tool/syscalls';
import { pathOfCgroup } from './cgroup/plan.ts';
import { DEVICES, populateDev, setConsole } from './dev.ts';
import { setLoopbackUp } from './loopback.ts';
import { overlayData } from './overlay.ts';
import { type ContainerMount, type ContainerPlan, isInPlace, mapsOneIdOnly } from './plan.ts';
import { attachKernelFilesystem, hideFromRoot, openKernelFilesystem, PROC, SYSFS } from './proc-and-sys.ts';
import { leaveKeys } from './session.ts';

/** Something to mount: a detached mount of the host's, by its descriptor, or a filesystem that is yet to be made. */
type Opened = ContainerMount & { readonly fd: number };

/** How to start the command of a container. */
export function containerOptions(plan: ContainerPlan): SpawnOptions {
  return {
    namespaces: [
      ...(plan.idMaps === null ? [] : (['user'] as const)),
      'mount',
      'uts',
      'ipc',
      'pid',
      'cgroup',
      ...(plan.network === 'none' ? (['net'] as const) : []),
    ],
    ...(plan.cgroups.length > 0 && { cgroups: plan.cgroups.map(pathOfCgroup) }),
    ...(plan.idMaps !== null && { idMaps: plan.idMaps }),
    env: plan.env,
    setup: (sys) => makeContainer(sys, plan),
    noNewPrivileges: !plan.privileged,
    // What is executed here, the image says: through /proc/self/exe it could be a program of the host.
    through: plan.init ? 'init' : 'sealed',
    newSession: true,
    ...(plan.terminal !== null && { stdio: plan.terminal.slave }),
    parentDeathSignal: 'SIGKILL',
  };
}

function makeContainer(sys: Recorder, plan: ContainerPlan): void {
  const { privileged } = plan;
  leaveKeys(sys);
  sys.umask(0);
  sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
  const own = makeOwnFiles(sys, plan);
  const opened = plan.mounts.map((mount) => open(sys, mount));
  const nodes = plan.idMaps === null ? null : openNodes(sys);
  const terminal = plan.terminal && { ...plan.terminal, mount: openTree(sys, plan.terminal.path) };
  const proc = openKernelFilesystem(sys, PROC);
  const sysfs = openSys(sys, plan);
  mountRoot(sys, plan);
  enterRoot(sys, plan);

  attachOwnFiles(sys, own);
  // Before /proc and /dev are there: a link in the image cannot cover those by a volume.
  const [late, early] = partition(opened, ({ target }) => isBelow(target, '/dev') || isBelow(target, '/sys'));
  for (const mount of early) attach(sys, mount);
  attachKernelFilesystem(sys, proc, '/proc');
  attachKernelFilesystem(sys, sysfs, '/sys');
  populateDev(sys, nodes, !mapsOneIdOnly(plan));
  if (terminal !== null) setConsole(sys, terminal, plan.init);
  for (const mount of late) attach(sys, mount);
  if (!privileged) sys.include(hideFromRoot);

  if (plan.readOnly && !isInPlace(plan)) sys.mount_setattr(AT_FDCWD, '/', 0, { set: MOUNT_ATTR_RDONLY, clear: 0 });
  sys.sethostname(plan.hostname);
  if (plan.network === 'none') setLoopbackUp(sys);
  sys.umask(0o022);
  sys.fchdir(provideDirectory(sys, plan.workingDir));
  becomeUser(sys, { ...plan.account, groups: mapsOneIdOnly(plan) ? null : plan.account.groups }, plan.capabilities);
}

/** A file of the container's own: a detached mount of it, and its name in /etc. */
interface MadeFile {
  readonly name: string;
  readonly fd: number;
}

/** Makes the files that the container gets in its /etc. On a filesystem of their own: it can fill that, and nothing of the host's. */
function makeOwnFiles(sys: Recorder, { stateDirectory, ownFiles }: ContainerPlan): MadeFile[] {
  sys.mount('ns-tool', stateDirectory, 'tmpfs', MS_NOSUID | MS_NODEV | MS_NOEXEC, 'mode=755,size=1m');
  return ownFiles.map(({ name, content }) => {
    const path = `${stateDirectory}/${name}`;
    sys.mknodat(AT_FDCWD, path, S_IFREG | 0o644, 0);
    sys.write(sys.openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC), content);
    return { name, fd: openTree(sys, path) };
  });
}

/** Mounts the root, and goes there. */
function mountRoot(sys: Recorder, plan: ContainerPlan): void {
  const { layers, bundle, stateDirectory, rootBy } = plan;
  if (rootBy === 'overlay') {
    const { directory, data } = overlayData(layers, bundle, plan.idMaps !== null);
    sys.chdir(directory);
    forgetVolatile(sys, bundle);
    // Device nodes in the image are dead: whoever made it must not choose what of the host they lead to.
    sys.mount('overlay', stateDirectory, 'overlay', plan.privileged ? 0 : MS_NODEV, data);
  } else {
    const tree = openTree(sys, layers[0] ?? '');
    // At once, and with all that is mounted in it: a directory that is to stay as it is gets no places to mount on either.
    const readOnly = plan.readOnly && isInPlace(plan) ? MOUNT_ATTR_RDONLY : 0;
    const attributes = (plan.privileged ? 0 : MOUNT_ATTR_NODEV) | readOnly;
    if (attributes !== 0) setAttribute(sys, tree, attributes);
    sys.move_mount(tree, '', AT_FDCWD, stateDirectory, MOVE_MOUNT_F_EMPTY_PATH);
  }
  sys.chdir(stateDirectory);
}

/**
 * The kernel refuses an upper layer that was mounted as volatile before, by a mark. Nothing was written to it: `spawn` goes
 * through the recipe a second time for a script without `#!`.
 */
function forgetVolatile(sys: Recorder, bundle: string): void {
  const mark = `${bundle}/work/work/incompat/volatile`;
  sys.allowing('ENOENT').unlinkat(AT_FDCWD, `${mark}/dirty`, 0);
  sys.allowing('ENOENT').unlinkat(AT_FDCWD, mark, AT_REMOVEDIR);
}

/**
 * pivot_root(2), "pivot_root(\".\", \".\")": puts the old root on top of the new one, and unmounts it from there. At once:
 * while it lies there, `..` in the new root leads into it, and so could a link in the image.
 */
function enterRoot(sys: Recorder, { enterBy }: ContainerPlan): void {
  if (enterBy === 'pivot_root') {
    sys.pivot_root('.', '.');
    sys.umount2('.', MNT_DETACH);
  } else {
    sys.chroot('.');
  }
  sys.chdir('/');
}

/** Takes hold of what comes from the host. */
function open(sys: Recorder, mount: ContainerMount): Opened {
  if (mount.type === 'tmpfs') return { ...mount, fd: AT_FDCWD };
  const fd = openTree(sys, mount.source);
  if (mount.readOnly) setAttribute(sys, fd, MOUNT_ATTR_RDONLY);
  return { ...mount, fd };
}

/** A detached copy of a mount from `path` on, with all mounts below it: a user namespace must not take them apart. */
function openTree(sys: Recorder, path: string): number {
  return sys.open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

/** Sets a property of a detached mount and of all below it. */
function setAttribute(sys: Recorder, fd: number, set: number): void {
  sys.mount_setattr(fd, '', AT_EMPTY_PATH | AT_RECURSIVE, { set, clear: 0 });
}

/** Only who owns the network namespace may mount a sysfs, which shows it: otherwise the host's is shown. */
function openSys(sys: Recorder, { idMaps, network, privileged }: ContainerPlan): number {
  if (idMaps === null || network === 'none') {
    return openKernelFilesystem(sys, privileged ? { ...SYSFS, attributes: PROC.attributes } : SYSFS);
  }
  const fd = openTree(sys, '/sys');
  setAttribute(sys, fd, MOUNT_ATTR_RDONLY);
  return fd;
}

function openNodes(sys: Recorder): ReadonlyMap<string, number> {
  return new Map(DEVICES.map(({ name }) => [name, openTree(sys, `/dev/${name}`)]));
}

function attach(sys: Recorder, mount: Opened): void {
  if (mount.type === 'tmpfs') {
    sys.fchdir(provideDirectory(sys, mount.target));
    sys.mount('tmpfs', '.', 'tmpfs', mount.flags, mount.data);
    sys.chdir('/');
    return;
  }
  const target = mount.kind === 'directory' ? provideDirectory(sys, mount.target) : provideFile(sys, mount.target);
  sys.move_mount(mount.fd, '', target, '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/**
 * Shows the container's own files in its /etc. In an image one of them may be a link to what a service would make; or it is
 * missing, and /etc belongs to somebody who is not mapped here. Then the container does without.
 */
function attachOwnFiles(sys: Recorder, files: readonly MadeFile[]): void {
  const trying = sys.allowing('EEXIST', 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'EROFS', 'EOVERFLOW');
  const etc = provideDirectory(sys, '/etc');
  for (const { name, fd } of files) {
    trying.mknodat(etc, name, S_IFREG | 0o644, 0);
    const file = openInside(trying, `/etc/${name}`, 0);
    sys.allowing('EBADF').move_mount(fd, '', file, '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  }
}

/** Opens a directory inside, and makes it, with those above it, where it is missing. */
function provideDirectory(sys: Recorder, path: string): number {
  let parent = openInside(sys, '/', O_DIRECTORY);
  let at = '';
  for (const name of path.split('/').filter(Boolean)) {
    at += `/${name}`;
    sys.allowing('EEXIST').mkdirat(parent, name, 0o755);
    parent = openInside(sys, at, O_DIRECTORY);
  }
  return parent;
}

/** Likewise a file, which is empty where it was missing. */
function provideFile(sys: Recorder, path: string): number {
  const slash = path.lastIndexOf('/');
  const parent = provideDirectory(sys, path.slice(0, slash));
  sys.allowing('EEXIST').mknodat(parent, path.slice(slash + 1), S_IFREG | 0o644, 0);
  return openInside(sys, path, 0);
}

function openInside(sys: Recorder, path: string, flags: number): number {
  return sys.openat2(AT_FDCWD, path, { flags: O_PATH | O_CLOEXEC | flags, resolve: RESOLVE_NO_MAGICLINKS });
}

/** Whether a path is a directory's, or below it. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [first: T[], second: T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
