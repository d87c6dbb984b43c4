/** What the first process of a container is, for another that is to be like it. */
import { readFileSync } from 'node:fs';
import { AT_FDCWD, type Capability, O_RDONLY, readAll, sys, withOpen } from '@ns-tool/syscalls';
import { boundingCapabilities } from '../capabilities/capabilities.ts';
import { NotStarted } from '../errors.ts';

/** Who and what a process is, in the terms of its own user namespace. */
export interface Inside {
  readonly uid: number;
  readonly gid: number;
  /** Null where setgroups(2) is denied. */
  readonly groups: readonly number[] | null;
  /** Those that it, and what it executes, can have at most: capabilities(7), "bounding set". */
  readonly capabilities: readonly Capability[];
  readonly noNewPrivileges: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** More than this execve(2) never takes, in bytes: three quarters of _STK_LIM, "Limits on size of arguments and environment". */
const LARGEST_ENVIRONMENT = 6 * 1024 * 1024;

/**
 * Reads it of a process.
 *
 * @throws ENOENT or ESRCH if it has ended, EACCES if it is not ours.
 * @throws NotStarted for an environment that no command could have.
 */
export function insideOf(pid: number): Inside {
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
  return describeInside(read('status'), {
    uidMap: read('uid_map'),
    gidMap: read('gid_map'),
    setgroups: read('setgroups'),
    environ: environmentOf(pid),
  });
}

/** Where its environment begins and ends, a process says itself: prctl(2), PR_SET_MM_MAP. It may be all of its address space. */
function environmentOf(pid: number): string {
  return withOpen(sys, AT_FDCWD, `/proc/${pid}/environ`, O_RDONLY, (fd) => {
    const bytes = readAll(sys, fd, LARGEST_ENVIRONMENT);
    if (bytes.length <= LARGEST_ENVIRONMENT) return bytes.toString();
    throw new NotStarted(
      `the environment of its first process is larger than ${LARGEST_ENVIRONMENT} bytes`,
      'No command could have it. It has changed that itself.',
    );
  });
}

/** The same from the contents of the files. Pure. See proc_pid_status(5), user_namespaces(7), proc_pid_environ(5). */
export function describeInside(
  status: string,
  files: {
    readonly uidMap: string;
    readonly gidMap: string;
    readonly setgroups: string;
    readonly environ: string;
  },
): Inside {
  const field = (name: string) => new RegExp(`^${name}:[\t ]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
  const effective = (name: string) => Number(field(name).split(/\s+/)[1]);
  const toGid = idsInside(files.gidMap);
  return {
    uid: idsInside(files.uidMap)(effective('Uid')) ?? 0,
    gid: toGid(effective('Gid')) ?? 0,
    groups:
      files.setgroups.trim() === 'deny'
        ? null
        : field('Groups')
            .split(/\s+/)
            .filter(Boolean)
            .flatMap((group) => toGid(Number(group)) ?? []),
    capabilities: boundingCapabilities(status),
    noNewPrivileges: field('NoNewPrivs') === '1',
    env: Object.fromEntries(
      files.environ.split('\0').flatMap((pair) => {
        const at = pair.indexOf('=');
        return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)]] : [];
      }),
    ),
  };
}

/** How IDs as they are here are called inside, by a map of user_namespaces(7): lines of inside, outside and count. */
function idsInside(map: string): (outside: number) => number | null {
  const ranges = map
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return (id) => {
    for (const [inside = 0, outside = 0, count = 0] of ranges) {
      if (id >= outside && id < outside + count) return inside + id - outside;
    }
    return null;
  };
}
