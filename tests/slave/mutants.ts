/** Broken versions of `ns-tool slave`: the product's code, with one of the calls that it records for its child gone wrong. */
import {
  AT_FDCWD,
  CLONE_NEWNS,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  O_CLOEXEC,
  O_RDONLY,
  type Recorder,
  type SyscallName,
} from '@ns-tool/syscalls';

/** A system call on its way into a program. */
export interface RecordedCall {
  readonly name: SyscallName;
  readonly args: readonly unknown[];
  readonly sys: Recorder;
  /** Records the call, with `args` or with others in their place. */
  append(args?: readonly unknown[]): number;
}

export interface Mutant {
  readonly name: string;
  record(call: RecordedCall): number;
}

const isMount = ({ name }: RecordedCall) => name === 'mount';
const isEach = ({ name, args }: RecordedCall) => name === 'mount' && args[3] === MS_SLAVE;
const isRest = ({ name, args }: RecordedCall) => name === 'mount' && args[3] === (MS_REC | MS_SLAVE);
const isSaid = ({ name, args }: RecordedCall) => name === 'write' && args[0] === 1;

/** Puts something else in place of the calls that match. */
function instead(matches: (call: RecordedCall) => boolean, act: (call: RecordedCall) => number) {
  return (call: RecordedCall) => (matches(call) ? act(call) : call.append());
}

const skip = () => 0;

/** Records the call with one argument replaced. */
const withArg = (index: number, change: (value: unknown) => unknown) => (call: RecordedCall) =>
  call.append(call.args.with(index, change(call.args[index])));

/** A program that was told to replace a type of propagation by another. */
const propagation = (type: number) => withArg(3, (flags) => ((flags as number) & MS_REC) | type);

/** The child goes back to where it came from, as if it had never left. */
function withoutNamespace() {
  let isBack = false;
  return (call: RecordedCall) => {
    if (!isBack && isMount(call)) {
      isBack = true;
      call.sys.setns(call.sys.openat(AT_FDCWD, `/proc/${process.pid}/ns/mnt`, O_RDONLY | O_CLOEXEC), CLONE_NEWNS);
    }
    return call.append();
  };
}

/** A name as the table writes it, which is another for the kernel. */
const escaped = (name: unknown) =>
  Buffer.from(
    Buffer.from(name as Uint8Array)
      .toString('latin1')
      .replace(/[ \n]/g, (c) => `\\0${c.charCodeAt(0).toString(8)}`),
    'latin1',
  );

/** The mount point of a call. */
const nameIn = (call: RecordedCall) => Buffer.from(call.args[1] as Uint8Array).toString();

export const mutants: readonly Mutant[] = [
  { name: 'no new namespace', record: withoutNamespace() },
  { name: 'nothing remounted', record: instead(isMount, skip) },
  {
    name: 'only / remounted',
    record: instead((call) => isRest(call) || (isEach(call) && nameIn(call) !== '/'), skip),
  },
  { name: 'all but / remounted', record: instead((call) => isMount(call) && nameIn(call) === '/', skip) },
  { name: 'private instead of slave', record: instead(isMount, propagation(MS_PRIVATE)) },
  { name: 'shared instead of slave', record: instead(isMount, propagation(MS_SHARED)) },
  {
    name: 'private first, so that there is no master',
    record: instead(isEach, (call) => {
      propagation(MS_PRIVATE)(call);
      return call.append();
    }),
  },
  { name: 'what is covered left shared', record: instead(isRest, skip) },
  {
    name: 'the rest of / left shared',
    record: instead(
      isRest,
      withArg(3, () => MS_SLAVE),
    ),
  },
  { name: 'no mount point remounted by its own step', record: instead(isEach, skip) },
  { name: 'names as the table writes them', record: instead(isEach, withArg(1, escaped)) },
  { name: 'names as text', record: instead(isEach, withArg(1, String)) },
  {
    name: 'errors not tolerated',
    record: instead(isEach, ({ sys, args }) => sys.allowing().mount(...(args as Parameters<Recorder['mount']>))),
  },
  { name: 'nothing announced', record: instead(isSaid, skip) },
  {
    name: 'announced on standard error',
    record: instead(
      isSaid,
      withArg(0, () => 2),
    ),
  },
];
