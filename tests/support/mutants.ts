/**
 * Broken versions of `ns-tool mount`: the product's code, with one of its system calls gone wrong.
 *
 * A suite that stays green for one of them does not test what it says. Each stands for a mistake someone could make.
 */
import { mkdirSync, rmdirSync } from 'node:fs';
import {
  AT_RECURSIVE,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  errnoNumber,
  interpose,
  MNT_DETACH,
  MS_BIND,
  MS_NODEV,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_SHARED,
  MS_SILENT,
  MS_SLAVE,
  MS_UNBINDABLE,
  type PendingCall,
  type Sys,
  SyscallError,
} from '@ns-tool/syscalls';

export interface Mutant {
  readonly name: string;
  wrap(sys: Sys): Sys;
  /** Why no test could ever tell it from the original. Without this, some test must turn red. */
  readonly equivalent?: string;
}

/** Puts something else in place of the calls that match. */
function instead(matches: (call: PendingCall) => boolean, act: (call: PendingCall) => number) {
  return (sys: Sys) => interpose(sys, (call) => (matches(call) ? act(call) : call.perform()));
}

const skip = () => 0;

/** Fails as for a file that has just been removed, which the product has to live with. */
const notFound = ({ name, args }: PendingCall): never => {
  throw new SyscallError(name, args, errnoNumber('ENOENT'));
};

/** Performs the call with one argument replaced. */
const withArg = (index: number, value: unknown) => (call: PendingCall) => call.perform(call.args.with(index, value));

const isMakePrivate = ({ name, args }: PendingCall) => name === 'mount' && args[1] === '/';
const isTmpfs = ({ name, args }: PendingCall) => name === 'mount' && args[2] === 'tmpfs';
const isReadOnly = ({ name, args }: PendingCall) => name === 'mount' && ((args[3] as number) & MS_RDONLY) !== 0;
const isUnmount = ({ name, args }: PendingCall) => name === 'umount2' && args[1] === 0;
const is = (name: PendingCall['name']) => (call: PendingCall) => call.name === name;

const skipPrivate = instead(isMakePrivate, skip);

/** The seed of lesson 04, and many a program: a directory on the host, removed afterwards. */
function makesDirectoryOnHost(sys: Sys): Sys {
  const target = '/mnt/test_mount';
  return interpose(sys, (call) => {
    if (call.name === 'unshare') mkdirSync(target);
    const result = call.perform();
    if (isUnmount(call)) rmdirSync(target);
    return result;
  });
}

/** Takes away the product's own look at the parent's table, so that only the tests are left to notice. */
function unchecked(sys: Sys): Sys {
  const parentTables = new Set<unknown>();
  return interpose(sys, (call) => {
    if (call.name === 'read' && parentTables.has(call.args[0])) return 0;
    const result = call.perform();
    if (call.name === 'openat' && call.args[1] === '/proc/thread-self/mountinfo') parentTables.add(result);
    if (call.name === 'close') parentTables.delete(call.args[0]);
    return result;
  });
}

export const mutants: readonly Mutant[] = [
  { name: 'no unshare', wrap: instead(is('unshare'), skip) },
  { name: 'no unshare, and no look at the parent', wrap: (sys) => unchecked(instead(is('unshare'), skip)(sys)) },
  { name: 'unshares something else', wrap: instead(is('unshare'), withArg(0, CLONE_NEWUTS)) },
  { name: 'unshares more than asked', wrap: instead(is('unshare'), withArg(0, CLONE_NEWNS | CLONE_NEWUTS)) },
  { name: 'root not made private', wrap: skipPrivate },
  { name: 'root not made private, and no look at the parent', wrap: (sys) => unchecked(skipPrivate(sys)) },
  { name: 'private without MS_REC', wrap: instead(isMakePrivate, withArg(3, MS_PRIVATE)) },
  {
    name: 'private without MS_REC, and no look at the parent',
    wrap: (sys) => unchecked(instead(isMakePrivate, withArg(3, MS_PRIVATE))(sys)),
  },
  { name: 'shared instead of private', wrap: instead(isMakePrivate, withArg(3, MS_REC | MS_SHARED)) },
  { name: 'slave instead of private', wrap: instead(isMakePrivate, withArg(3, MS_REC | MS_SLAVE)) },
  { name: 'unbindable instead of private', wrap: instead(isMakePrivate, withArg(3, MS_REC | MS_UNBINDABLE)) },
  { name: 'another mount made private', wrap: instead(isMakePrivate, withArg(1, '/proc')) },
  { name: 'no tmpfs', wrap: instead(isTmpfs, skip) },
  { name: 'another filesystem', wrap: instead(isTmpfs, withArg(2, 'ramfs')) },
  {
    name: 'a bind mount instead of the tmpfs',
    wrap: instead(isTmpfs, ({ args, perform }) => perform(['/mnt', args[1], null, MS_BIND, null])),
  },
  { name: 'tmpfs without MS_NODEV', wrap: instead(isTmpfs, withArg(3, MS_NOSUID)) },
  { name: 'tmpfs without MS_NOSUID', wrap: instead(isTmpfs, withArg(3, MS_NODEV)) },
  { name: 'tmpfs read-only', wrap: instead(isTmpfs, withArg(3, MS_NODEV | MS_NOSUID | MS_RDONLY)) },
  { name: 'tmpfs options lost', wrap: instead(isTmpfs, withArg(4, null)) },
  { name: 'tmpfs somewhere else', wrap: instead(isTmpfs, withArg(1, '/tmp')) },
  { name: 'tmpfs mounted twice', wrap: instead(isTmpfs, ({ perform }) => perform() + perform()) },
  { name: 'no umount', wrap: instead(isUnmount, skip) },
  { name: 'lazy umount', wrap: instead(isUnmount, withArg(1, MNT_DETACH)) },
  { name: 'no cleanup of the mount point', wrap: instead(is('unlinkat'), skip) },
  { name: 'directory made on the host, and removed again', wrap: makesDirectoryOnHost },
  { name: 'stand-in left writable', wrap: instead(isReadOnly, skip) },
  { name: 'stand-in not in place', wrap: instead(({ name, args }) => name === 'move_mount' && args[3] === '', skip) },
  { name: 'stand-in without the entries of the directory', wrap: instead(is('open_tree'), notFound) },
  { name: 'stand-in without symbolic links', wrap: instead(is('symlinkat'), skip) },
  {
    name: 'stand-in without the mounts below',
    wrap: instead(is('open_tree'), ({ args, perform }) => perform(args.with(2, (args[2] as number) & ~AT_RECURSIVE))),
  },
  {
    name: 'stand-in with other permissions',
    wrap: instead(({ name, args }) => name === 'fsconfig' && args[2] === 'mode', withArg(3, '777')),
  },
  {
    name: 'only the last directory of the target made',
    wrap: instead(({ name, args }) => name === 'mkdirat' && args[1] === 'brand', skip),
  },
  { name: 'root not changed to the stand-in', wrap: instead(is('chroot'), skip) },
  {
    name: 'table of another process',
    wrap: instead(
      ({ name, args }) => name === 'openat' && args[1] === '/proc/thread-self/mounts',
      withArg(1, '/proc/1/mounts'),
    ),
  },
  { name: 'table cut short', wrap: instead(is('read'), ({ perform }) => Math.min(perform(), 64)) },
  {
    name: 'namespace id of another process',
    wrap: instead(
      ({ name, args }) => name === 'readlinkat' && args[1] === '/proc/thread-self/ns/mnt',
      withArg(1, '/proc/1/ns/mnt'),
    ),
  },
  {
    name: 'descriptors not closed',
    wrap: instead(is('close'), skip),
    equivalent:
      'Every descriptor is O_CLOEXEC, so no command gets it, and the process ends right after: the kernel closes them. None is open on the tmpfs itself, so umount does not fail with EBUSY.',
  },
  {
    name: 'tmpfs mounted with MS_SILENT',
    wrap: instead(isTmpfs, withArg(3, MS_NODEV | MS_NOSUID | MS_SILENT)),
    equivalent: 'MS_SILENT only keeps the kernel from logging certain warnings, of which tmpfs has none: mount(2).',
  },
];
