/** The mounts that are asked for, as docker's options have them. Pure. */
import { isAbsolute, posix, resolve } from 'node:path';
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY } from '@ns-tool/syscalls';
import { UsageError } from '../errors.ts';
import { printable } from '../output.ts';
import type { TmpfsMount } from './plan.ts';

/** A directory or file of the host's, by its path there, which may be relative. */
export interface Volume {
  readonly type: 'bind';
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
}

/** A mount as who runs a container asks for it. */
export type AskedMount = Volume | TmpfsMount;

/** `-v HOST:CONTAINER[:ro]` */
export function parseVolume(text: string): Volume {
  const [source = '', target = '', options = '', ...more] = text.split(':');
  const words = options.split(',').filter(Boolean);
  const isWrong =
    source === '' || target === '' || more.length > 0 || words.some((word) => !['ro', 'rw'].includes(word));
  if (isWrong) {
    throw new UsageError(
      `-v: not a volume: ${printable(text)}`,
      'Give a path here, a path inside, and maybe ro: -v ./data:/data:ro',
    );
  }
  if (!source.includes('/') && source !== '.' && source !== '..') {
    throw new UsageError(
      `-v: volumes have no names here: ${printable(source)}`,
      `For a directory give a path: -v ./${printable(source)}:${printable(target)}`,
    );
  }
  return { type: 'bind', source: resolve(source), target: parseTarget('-v', target), readOnly: words.includes('ro') };
}

/** `--mount type=bind,source=HOST,target=CONTAINER,readonly` and `--mount type=tmpfs,target=CONTAINER,tmpfs-size=64m` */
export function parseMount(text: string): AskedMount {
  const fields = new Map(
    text.split(',').map((field): [string, string] => {
      const [key = '', ...value] = field.split('=');
      return [MOUNT_KEYS.get(key) ?? refuseMount(text, `unknown: ${key}`), value.join('=')];
    }),
  );
  const target = parseTarget('--mount', fields.get('target') ?? refuseMount(text, 'no target'));
  const readOnly = fields.has('readonly') && ['', 'true', '1'].includes(fields.get('readonly') ?? '');
  const type = fields.get('type');
  if (type === 'bind') {
    return { type, source: resolve(fields.get('source') ?? refuseMount(text, 'no source')), target, readOnly };
  }
  if (type !== 'tmpfs') refuseMount(text, 'its type is bind or tmpfs');
  const options = ['size', 'mode'].flatMap((name) => (fields.has(name) ? [`${name}=${fields.get(name)}`] : []));
  return tmpfs('--mount', target, [...options, ...(readOnly ? ['ro'] : [])]);
}

const MOUNT_KEYS: ReadonlyMap<string, string> = new Map([
  ['type', 'type'],
  ['source', 'source'],
  ['src', 'source'],
  ['target', 'target'],
  ['destination', 'target'],
  ['dst', 'target'],
  ['readonly', 'readonly'],
  ['ro', 'readonly'],
  ['tmpfs-size', 'size'],
  ['tmpfs-mode', 'mode'],
]);

function refuseMount(text: string, why: string): never {
  throw new UsageError(
    `--mount: ${printable(why)}: ${printable(text)}`,
    'For example: --mount type=bind,source=./data,target=/data,readonly',
  );
}

/** `--tmpfs CONTAINER[:OPTIONS]` */
export function parseTmpfs(text: string): TmpfsMount {
  const [target = '', ...options] = text.split(':');
  return tmpfs('--tmpfs', parseTarget('--tmpfs', target), options.join(':').split(',').filter(Boolean));
}

const FLAGS: ReadonlyMap<string, readonly [set: number, clear: number]> = new Map([
  ['ro', [MS_RDONLY, 0]],
  ['rw', [0, MS_RDONLY]],
  ['nosuid', [MS_NOSUID, 0]],
  ['suid', [0, MS_NOSUID]],
  ['nodev', [MS_NODEV, 0]],
  ['noexec', [MS_NOEXEC, 0]],
  ['exec', [0, MS_NOEXEC]],
]);

/** The options of tmpfs(5) that are passed on. */
const TMPFS_DATA = /^(?:size=\d{1,20}[kmg%]?|nr_inodes=\d{1,20}[kmg]?|mode=[0-7]{1,4}|uid=\d{1,10}|gid=\d{1,10})$/i;

function tmpfs(option: string, target: string, options: readonly string[]): TmpfsMount {
  let flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  const data: string[] = [];
  for (const word of options) {
    const change = FLAGS.get(word);
    if (change !== undefined) flags = (flags & ~change[1]) | change[0];
    else if (TMPFS_DATA.test(word)) data.push(word);
    else {
      throw new UsageError(
        `${option}: not an option of tmpfs: ${printable(word)}`,
        'Give size, nr_inodes, mode, uid or gid, or ro, exec or suid: --tmpfs /tmp:size=64m,mode=1777',
      );
    }
  }
  return { type: 'tmpfs', target, flags, data: data.join(',') };
}

/** A path inside. @throws UsageError where nothing may be mounted: on the root, and on /proc, which tells of the container. */
export function parseTarget(option: string, text: string): string {
  if (!isAbsolute(text)) {
    throw new UsageError(`${option}: the path inside begins with a slash: ${printable(text)}`);
  }
  const target = posix.normalize(text).replace(/(?<=.)\/$/, '');
  if (target === '/' || target === '/sys' || target === '/proc' || target.startsWith('/proc/')) {
    throw new UsageError(`${option}: nothing can be mounted on ${printable(target)}`, 'Choose another path inside.');
  }
  return target;
}

/** Those that lie on others come after them. */
export function inOrder<T extends { readonly target: string }>(mounts: readonly T[]): T[] {
  const depth = ({ target }: T) => target.split('/').length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}
