import fs from 'node:fs';
import type { Sys } from '@ns-tool/syscalls';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UsageError, UserError } from '../errors.ts';
import { getopt } from '../getopt.ts';
import type { ColumnName } from '../namespace-list/columns.ts';
import type { Arrangement, Listing } from '../namespace-list/list.ts';
import type { NamespaceType } from '../namespace-list/namespace.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print, printable, printError } from '../output.ts';
import { checkedPid, noSuchProcess, notYours } from '../pid.ts';

export const command = 'ls';
export const describe = 'List every namespace on the machine, with the options of lsns(8)';

export const asGetopt = true;

export const options = {
  json: { alias: 'J', type: 'boolean', default: false, describe: 'Print JSON, in the shape of lsns' },
  list: { alias: 'l', type: 'boolean', default: false, describe: 'Draw no tree' },
  tree: {
    alias: 'T',
    type: 'string',
    describe: 'Draw trees by =owner, as without a word, =parent, or =process, as without this option',
  },
  noheadings: { alias: 'n', type: 'boolean', default: false, describe: 'Print no headings' },
  output: { alias: 'o', type: 'string', requiresArg: true, describe: 'Columns: NS,PATH; or +PATH for one more' },
  'output-all': { type: 'boolean', default: false, describe: 'All columns' },
  task: { alias: 'p', type: 'string', requiresArg: true, describe: 'Only those that this process is in, by its pid' },
  type: {
    alias: 't',
    type: 'string',
    requiresArg: true,
    describe: 'Only mnt, net, ipc, user, pid, uts, cgroup or time; may be given several times',
  },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 ls [OPTIONS]\n')
    .usage('Lists every namespace, with the process that has the lowest pid in it; where none is in it,')
    .usage('with what keeps it: a mount, a file descriptor, a thread or another namespace.')
    .options(options)
    .example('sudo $0 ls', 'All there are')
    .example('$0 ls -t net -o +PATH', 'Network namespaces, with a file of each for nsenter')
    .example('sudo $0 ls --tree', 'Below the user namespaces that own them')
    .example('sudo $0 ls -t user -t pid --tree=parent', 'How user and pid namespaces are nested')
    .example('sudo $0 ls -l -J', 'For a program: a list, not trees')
    .epilogue(
      'Columns: NS TYPE PATH NPROCS PID PPID COMMAND UID USER NETNSID (of a net) NSFS (mount points) PNS (parent) ONS (owner) KEPTBY',
    );
}

/** What the parser makes of the options. */
type Arguments = InferredOptionTypes<typeof options> & { readonly '--'?: readonly string[] };

/** Runs the command and returns its exit status. */
export async function run(args: Arguments, { argv, loadSys }: Context): Promise<number> {
  const [unexpected] = args['--'] ?? [];
  if (unexpected !== undefined) {
    throw new UsageError(`unexpected argument: ${printable(unexpected)}`, 'To name a process: ns-tool ls --task PID');
  }
  const pid = args.task === undefined ? null : checkedPid(args.task, 'ns-tool ls --task 1');
  const types = await typesIn(argv.slice(1));
  const columns = await columnsIn(args, types);
  const arrangement = await arrangementIn(args, columns);

  const { listNamespaces } = await onThisMachine(() => import('../namespace-list/list.ts'));
  const sys = await loadSys();
  const listing = explaining(pid, () =>
    listNamespaces(fs, sys, { types, pid, arrangement, owners: columns.includes('ONS') }),
  );
  await show(listing, columns, arrangement, args, sys);
  if (listing.unreadable > 0) printError(notAll(listing.unreadable));
  return 0;
}

async function show(
  { forest, rowOf }: Listing,
  columns: readonly ColumnName[],
  arrangement: Arrangement,
  { json, noheadings }: Arguments,
  sys: Sys,
): Promise<void> {
  const [{ toDocument, toTable }, { isUnicode, terminalWidth, wantsColours }, { paletteFor }] = await Promise.all([
    import('../namespace-list/show.ts'),
    import('../terminal.ts'),
    import('../palette.ts'),
  ]);
  if (json) {
    print(JSON.stringify(toDocument(forest, columns, rowOf), null, 2));
    return;
  }
  const width = terminalWidth(sys);
  const lines = toTable(forest, columns, rowOf, {
    headings: !noheadings,
    drawn: arrangement === 'list' ? null : drawnIn(arrangement),
    unicode: isUnicode(process.env),
    width,
    palette: paletteFor(wantsColours(process.env, width !== null)),
  });
  if (forest.length > 0) print(lines.join('\n'));
}

/** The types that are asked for; none means all. The parser keeps only the last of several, so the words are read again. */
async function typesIn(words: readonly string[]): Promise<readonly NamespaceType[]> {
  const { NAMESPACE_TYPES } = await import('../namespace-list/namespace.ts');
  const given = getopt(words, options).flatMap((word) => /^--type=(.*)$/s.exec(word)?.[1] ?? []);
  return await Promise.all(given.map((word) => oneOf(NAMESPACE_TYPES, 'type', word)));
}

async function columnsIn(args: Arguments, types: readonly NamespaceType[]): Promise<readonly ColumnName[]> {
  const { COLUMN_NAMES, namedColumns, usualColumns } = await import('../namespace-list/columns.ts');
  const usual = args['output-all'] ? COLUMN_NAMES : usualColumns(types, args.json);
  const names = namedColumns(args.output, usual);
  return await Promise.all(names.map((name) => oneOf(COLUMN_NAMES, 'column', name)));
}

/** How the listing is arranged. Without the column in which trees are drawn it is a list, as it is for lsns. */
async function arrangementIn({ tree, list }: Arguments, columns: readonly ColumnName[]): Promise<Arrangement> {
  if (tree !== undefined && list) throw new UsageError('--list and --tree exclude each other');
  if (list) return 'list';
  // lsns takes -T=parent, too.
  const word = tree?.replace(/^=/, '') ?? 'process';
  const arrangement = await oneOf(TREES, 'tree', word === '' ? 'owner' : word);
  return columns.includes(drawnIn(arrangement)) ? arrangement : 'list';
}

const TREES = ['owner', 'parent', 'process'] as const;

/** The column in which trees are drawn. */
function drawnIn(tree: (typeof TREES)[number]): ColumnName {
  return tree === 'process' ? 'COMMAND' : 'NS';
}

/** @throws UsageError for a word that is none of those that there are, with the nearest. */
async function oneOf<T extends string>(known: readonly T[], what: string, word: string): Promise<T> {
  if ((known as readonly string[]).includes(word)) return word as T;
  const { nearest } = await import('../near-miss.ts');
  const { hint } = nearest('command', word, known);
  const isNear = hint !== undefined && word !== '';
  throw new UsageError(`unknown ${what}: ${printable(word)}`, isNear ? hint : `There are: ${known.join(', ')}`);
}

/** What `list` returns. @throws UserError for an error of node:fs, with what to do about it. */
function explaining(pid: number | null, list: () => Listing): Listing {
  try {
    return list();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UserError(message, hintFor(code, pid), { cause: error });
  }
}

function hintFor(code: string, pid: number | null): string | undefined {
  if (code === 'EACCES' || code === 'EPERM') return notYours(pid, `ls -p ${pid}`);
  if (code !== 'ENOENT' && code !== 'ESRCH') return undefined;
  if (!fs.existsSync('/proc/self'))
    return 'The proc filesystem of this pid namespace is needed: mount -t proc proc /proc';
  return noSuchProcess(pid);
}

function notAll(unreadable: number): string {
  const processes = unreadable === 1 ? '1 process' : `${unreadable} processes`;
  return process.geteuid?.() === 0
    ? `ns-tool: ${processes} not looked at: no CAP_SYS_PTRACE, or a security module`
    : `ns-tool: ${processes} not looked at; all are shown by: sudo ns-tool ls`;
}
