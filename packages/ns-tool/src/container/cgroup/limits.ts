/** Limits of a container, and what they are to the kernel's controllers. Pure. */
import { UsageError } from '../../errors.ts';
import { printable } from '../../output.ts';

/** What a container may use at most; what is left out, as much as there is. */
export interface Limits {
  /** Bytes of memory. It gets none in swap beside them. */
  readonly memory?: number;
  /** Processors: `1.5` is the time of one and a half. */
  readonly cpus?: number;
  /** Processes and threads. */
  readonly pids?: number;
}

/** A kind of limit, and the controller that has it: cgroups(7). */
export const CONTROLLERS = { memory: 'memory', cpus: 'cpu', pids: 'pids' } as const;

export type Kind = keyof typeof CONTROLLERS;
export type Controller = (typeof CONTROLLERS)[Kind];

/** What is to be written to a file of a cgroup. */
export interface Setting {
  readonly file: string;
  readonly content: string;
  /** Not every kernel has the file: those without swap, or without accounts of it. */
  readonly optional?: true;
}

/** Microseconds, in each of which a container gets its share of the processors. That of the kernel and of docker. */
const PERIOD = 100_000;

/** The kernel gives no less than a millisecond of a period. */
const LEAST_CPUS = 0.01;

/** As docker has them: `64m`, `1.5g`, `512MiB`, in powers of 1024. */
const SIZE = /^(\d{1,16}(?:\.\d{1,16})?) ?(?:([kmgtp])i?b?|b)?$/i;

const NUMBER = /^(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})$/;

/** The options of `run` as they are given, each the last of its kind. */
export type GivenLimits = Partial<Readonly<Record<Kind, string>>>;

/** @throws UsageError for what is no limit. `0`, and less than 0 for processes, is none, as docker has it. */
export function parseLimits({ memory, cpus, pids }: GivenLimits): Limits {
  return checkLimits({
    ...(memory !== undefined && above0('memory', parseSize(memory))),
    ...(cpus !== undefined && above0('cpus', NUMBER.test(cpus) ? Number(cpus) : refuseCpus(cpus))),
    ...(pids !== undefined && above0('pids', /^-?\d{1,15}$/.test(pids) ? Number(pids) : refusePids(pids))),
  });
}

function above0(kind: Kind, value: number): Limits {
  return value > 0 ? { [kind]: value } : {};
}

/** Bytes. */
function parseSize(text: string): number {
  const [, number, unit = ''] = SIZE.exec(text) ?? refuseMemory(text);
  return Math.floor(Number(number) * 1024 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
}

/** @throws UsageError for what is no limit. */
export function checkLimits(limits: Limits): Limits {
  const { memory = 1, cpus = 1, pids = 1 } = limits;
  if (!Number.isSafeInteger(memory) || memory < 1) refuseMemory(memory);
  if (!Number.isFinite(cpus) || cpus < LEAST_CPUS || cpus > 1e6) refuseCpus(cpus);
  if (!Number.isSafeInteger(pids) || pids < 1) refusePids(pids);
  return limits;
}

function refuseMemory(value: string | number): never {
  throw new UsageError(`--memory: not a size: ${printable(String(value))}`, 'Give bytes, with k, m or g: --memory 64m');
}

function refuseCpus(value: string | number): never {
  throw new UsageError(
    `--cpus: not a number of processors: ${printable(String(value))}`,
    `Give ${LEAST_CPUS} or more, such as a half: --cpus 0.5`,
  );
}

function refusePids(value: string | number): never {
  throw new UsageError(
    `--pids-limit: not a number of processes: ${printable(String(value))}`,
    'Give a number, or -1 for any: --pids-limit 100',
  );
}

/** The kinds that are limited. */
export function limited(limits: Limits): Kind[] {
  return (Object.keys(CONTROLLERS) as Kind[]).filter((kind) => limits[kind] !== undefined);
}

/**
 * What a limit is to a cgroup of v1 or v2, in the order in which it is written: Documentation/admin-guide/cgroup-v1 and
 * cgroup-v2.rst of the kernel.
 *
 * Memory is limited together with swap: what goes beyond the limit would otherwise be swapped out, and the machine be slow
 * where the container should end.
 */
export function settingsOf(kind: Kind, version: 1 | 2, limits: Limits): Setting[] {
  const { memory = 0, cpus = 0, pids = 0 } = limits;
  const quota = Math.round(cpus * PERIOD);
  switch (kind) {
    case 'memory':
      return version === 2
        ? [setting('memory.max', memory), { ...setting('memory.swap.max', 0), optional: true }]
        : [
            setting('memory.limit_in_bytes', memory),
            { ...setting('memory.memsw.limit_in_bytes', memory), optional: true },
          ];
    case 'cpus':
      return version === 2
        ? [setting('cpu.max', `${quota} ${PERIOD}`)]
        : [setting('cpu.cfs_period_us', PERIOD), setting('cpu.cfs_quota_us', quota)];
    case 'pids':
      return [setting('pids.max', pids)];
  }
}

function setting(file: string, value: string | number): Setting {
  return { file, content: String(value) };
}
