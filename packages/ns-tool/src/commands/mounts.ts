import { realpathSync } from 'node:fs';
import { posix } from 'node:path';
import type { Mount, MountTree } from '@ns-tool/mount-table';
import type { Sys } from '@ns-tool/syscalls';
import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UsageError, UserError } from '../errors.ts';
import { all, one } from '../given.ts';
import type { ColumnName } from '../mount-listing/columns.ts';
import type { Filters, Place, Row, State } from '../mount-listing/filters.ts';
import type { Watched } from '../mount-listing/watch.ts';
import type { TableSource } from '../mount-table/source.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { BrokenPipe, print, printable, printBytes, printError } from '../output.ts';
import { checkedPid } from '../pid.ts';

export const command = 'mounts [PATH]';
export const describe = 'List the mounts of a process, with their propagation; watch them change';

/** `--pid` can be given several times. */
export const collects = true;

export const options = {
  pid: { alias: ['N', 'task'], type: 'string', requiresArg: true, describe: 'Those of this process; can be repeated' },
  'tab-file': { alias: 'F', type: 'string', requiresArg: true, describe: 'Those of a saved /proc/PID/mountinfo' },
  types: {
    alias: 't',
    type: 'string',
    requiresArg: true,
    describe: 'Only these types: ext4,tmpfs; without: noext4,tmpfs',
  },
  propagation: { type: 'string', requiresArg: true, describe: 'Only shared, slave, private or unbindable ones' },
  target: { alias: 'T', type: 'string', requiresArg: true, describe: 'The same as PATH' },
  submounts: { alias: 'R', type: 'boolean', default: false, describe: 'And all mounts on those found' },
  list: { alias: 'l', type: 'boolean', default: false, describe: 'A list, in the order of the table' },
  output: { alias: 'o', type: 'string', requiresArg: true, describe: 'These columns: TARGET,ID; +ID for one more' },
  noheadings: { alias: 'n', type: 'boolean', default: false, describe: 'No headings' },
  json: { alias: 'J', type: 'boolean', default: false, describe: 'Print JSON, as findmnt(8) does' },
  raw: {
    alias: 'r',
    type: 'boolean',
    default: false,
    describe: 'Print fields with one blank between, others as \\x20',
  },
  pairs: { alias: 'P', type: 'boolean', default: false, describe: 'Print NAME="value" pairs' },
  watch: { alias: ['p', 'poll'], type: 'boolean', default: false, describe: 'Print what changes, as it happens' },
  interval: {
    type: 'string',
    requiresArg: true,
    describe:
      'With --watch: look every so many SECONDS too. Linux sends no event when mount(2) changes propagation, as mount --make-private does in util-linux before 2.39; without this, that is shown with the next event',
  },
  graph: { type: 'string', requiresArg: true, describe: 'Draw what is chosen: FILE.svg, FILE.dot or FILE.mmd' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 mounts [OPTIONS] [PATH]\n')
    .usage('Lists the mounts that you see, or another process, and how they propagate:')
    .usage('shared:3 is in peer group 3, slave of 3 receives from it.')
    .usage('PATH is a mount point, a source, or any path: the mount that holds it.\n')
    .usage('Options and columns are those of findmnt(8), and GROUP, MASTER and COVERED.')
    .usage('For people PROPAGATION has the numbers; in -J, -r and -P it is as there.')
    .options(options)
    .string('_')
    .example('$0 mounts', 'The tree, with propagation')
    .example('sudo $0 mounts --pid 1 --pid 1234', 'Those of two processes, group by group in the same colour')
    .example('$0 mounts --propagation shared,slave', 'What goes to others, or comes from them')
    .example('$0 mounts -R /sys', 'A mount and all that lies on it')
    .example('$0 mounts -ln -o TARGET,ID', 'A plain list of what you choose')
    .example('sudo $0 mounts --propagation shared,slave --graph a.svg', 'A picture of what propagates')
    .example('sudo $0 mounts --watch --pid 1', 'What changes, until Ctrl-C');
}

/** What the parser makes of the options: a list of one that is given twice. */
type Arguments = {
  readonly [name in keyof InferredOptionTypes<typeof options>]: InferredOptionTypes<typeof options>[name];
} & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run(args: Arguments, { loadSys }: Context): Promise<number> {
  const format = formatOf(args);
  const interval = intervalOf(args);
  const sources = sourcesOf(args);
  const work = await onThisMachine(loadWork);
  const filters = await filtersOf(args, sources, work);
  if (args.watch) return await watch(args, sources, filters, interval, work, await loadSys());
  const columns = await columnsOf(args, format, sources.length > 1, work);
  const sys = await loadSys();
  const isAskedFor = (field: keyof Mount) => work.fieldsOf(columns).has(field);
  const tables = sources.map((source) => {
    const mounts = work.readTable(sys, source, args.graph !== undefined || isAskedFor('propagateFrom'));
    return { source, mounts, tree: work.mountTree(mounts) };
  });
  if (args.graph !== undefined) {
    await draw(tables, one(args.graph), args, filters, work, sys);
    return 0;
  }
  const selected = tables.map((table) => ({ ...table, rows: rowsOf(table, columns, format, args, filters, work) }));
  if (selected.every(({ rows }) => rows.length === 0)) throw nothing(filters, tables);
  if (format === 'text') show(selected, columns, args, work, work.terminalWidth(sys));
  else printAll(dataOf(selected, columns, format, args, work));
  return 0;
}

type Work = Awaited<ReturnType<typeof loadWork>>;

async function loadWork() {
  const [syscalls, table, source, columns, filters, listing, palette, formats, width, terminal, namespace] =
    await Promise.all([
      import('@ns-tool/syscalls'),
      import('@ns-tool/mount-table'),
      import('../mount-table/source.ts'),
      import('../mount-listing/columns.ts'),
      import('../mount-listing/filters.ts'),
      import('../mount-listing/listing.ts'),
      import('../palette.ts'),
      import('../mount-listing/data-formats.ts'),
      import('../text-width.ts'),
      import('../terminal.ts'),
      import('../namespace-id.ts'),
    ]);
  return {
    ...syscalls,
    ...table,
    ...source,
    ...columns,
    ...filters,
    ...listing,
    ...palette,
    ...formats,
    ...width,
    ...terminal,
    ...namespace,
  };
}

type Format = 'text' | 'json' | 'raw' | 'pairs';

function formatOf(args: Arguments): Format {
  const [format = 'text', other] = (['json', 'raw', 'pairs'] as const).filter((name) => args[name]);
  if (other !== undefined) throw new UsageError(`--${format} and --${other} are two formats`, 'Give one of them.');
  if (!args.watch) return format;
  const without = (['list', 'output', 'noheadings', 'raw', 'pairs', 'tab-file', 'graph'] as const).find(
    (name) => args[name] !== undefined && args[name] !== false,
  );
  if (without !== undefined) throw new UsageError(`--watch prints changes, and takes no --${without}`);
  return format;
}

function sourcesOf(args: Arguments): TableSource[] {
  const pids = all(args.pid);
  if (args['tab-file'] === undefined) return pids.length === 0 ? [{ pid: 'self' }] : pids.map(watchedIn);
  if (pids.length > 0) throw new UsageError('--tab-file is a table already, and takes no --pid');
  return [{ file: one(args['tab-file']) }];
}

function watchedIn(word: string): Watched {
  return { pid: word === 'self' ? word : checkedPid(word, '--pid 1') };
}

async function filtersOf(args: Arguments, sources: readonly TableSource[], work: Work): Promise<Filters> {
  const states = args.propagation === undefined ? undefined : one(args.propagation).split(',');
  const unknown = states?.find((word) => !(work.STATES as readonly string[]).includes(word));
  if (unknown !== undefined) throw await unknownWord('propagation', unknown, work.STATES);
  return {
    types: args.types === undefined ? undefined : one(args.types),
    states: states as State[] | undefined,
    place: placeOf(args, sources, work),
  };
}

/** @throws UserError for a path that there is not, where that can be told. */
function placeOf(args: Arguments, sources: readonly TableSource[], work: Work): Place | undefined {
  const words = [...args._.map(String), ...all(args.target)];
  const [word, another] = words;
  if (another !== undefined) throw new UsageError('two paths', `Give one: ns-tool mounts ${printable(another)}`);
  if (word === undefined) return undefined;
  const isOurs = sources.every((source) => 'pid' in source && source.pid === 'self');
  // Symbolic links of another namespace are not to be seen from here.
  const path = isOurs ? resolved(word) : null;
  return { word, path: path === null ? posix.resolve(word) : work.fromBytes(path) };
}

/** The path without symbolic links, or null if there is no such file: then it may be a source. */
function resolved(path: string): Buffer | null {
  try {
    return realpathSync.native(path, 'buffer');
  } catch {
    return null;
  }
}

async function columnsOf(args: Arguments, format: Format, areSeveral: boolean, work: Work) {
  const standard: readonly ColumnName[] = format === 'text' ? work.DEFAULT_COLUMNS : work.DEFAULT_DATA_COLUMNS;
  if (args.output === undefined) return areSeveral && format !== 'text' ? (['TID', ...standard] as const) : standard;
  try {
    return work.columnsIn(one(args.output), standard);
  } catch (error) {
    if (!(error instanceof work.UnknownColumn)) throw error;
    throw await unknownWord('column', error.column, work.COLUMN_NAMES);
  }
}

/** What is said of a word that is none of those that there are: the nearest of them, or all. */
async function unknownWord(what: string, word: string, known: readonly string[]): Promise<UsageError> {
  const { nearest } = await import('../near-miss.ts');
  const isUpper = known.every((name) => name === name.toUpperCase());
  const { hint = `There are: ${known.join(', ')}` } = nearest('command', isUpper ? word.toUpperCase() : word, known);
  return new UsageError(`unknown ${what}: ${printable(word)}`, hint);
}

interface Table {
  readonly source: TableSource;
  readonly mounts: readonly Mount[];
  readonly tree: MountTree;
}

/** The rows that are shown. A tree is drawn in the column TARGET; without that, its rows stand below each other. */
function rowsOf(
  { tree, mounts }: Table,
  columns: readonly ColumnName[],
  format: Format,
  args: Arguments,
  filters: Filters,
  work: Work,
): Row[] {
  const isList = args.list || format === 'raw' || format === 'pairs';
  const rows = work.select(tree, mounts, filters, { submounts: args.submounts, form: isList ? 'list' : 'tree' });
  return isList || !columns.includes('TARGET') ? rows.map((row) => ({ ...row, depth: 0 })) : rows;
}

type Selected = Table & { readonly rows: readonly Row[] };

/** @param width of the terminal; null if the output is none. */
function show(
  tables: readonly Selected[],
  columns: readonly ColumnName[],
  args: Arguments,
  work: Work,
  width: number | null,
): void {
  const palette = work.paletteFor(work.wantsColours(process.env, width !== null));
  const appearance = {
    room: width,
    isUnicode: work.isUnicode(process.env),
    headings: !args.noheadings,
    marks: args.output === undefined,
    palette,
  };
  for (const [i, { source, rows }] of tables.entries()) {
    if (tables.length > 1 && !args.noheadings) {
      if (i > 0) print();
      print(palette.heading(work.nameOf(source)));
    }
    if (rows.length === 0) continue;
    printAll(withNewlines(work.listing(columns, rows, tidOf(source), appearance)));
  }
  if (width === null || args.noheadings || args.output !== undefined) return;
  const lines = work.legend(tables.flatMap(({ rows }) => rows));
  if (lines.length > 0) print(`\n${lines.map((line) => palette.quiet(work.cut(line, width, '...'))).join('\n')}`);
}

function* dataOf(
  tables: readonly Selected[],
  columns: readonly ColumnName[],
  format: Format,
  args: Arguments,
  work: Work,
): Generator<string> {
  function* rows() {
    for (const { source, rows } of tables) {
      const tid = tidOf(source);
      for (const { node, depth } of rows) yield { depth, values: work.valuesOf(columns, { node, tid }) };
    }
  }
  if (format === 'json') {
    yield* work.json(columns, rows());
    return;
  }
  if (format === 'raw' && !args.noheadings) yield `${work.rawHeadings(columns)}\n`;
  for (const { values } of rows()) yield `${format === 'raw' ? work.raw(values) : work.pairs(columns, values)}\n`;
}

function tidOf(source: TableSource): number | null {
  if ('file' in source) return null;
  return source.pid === 'self' ? process.pid : source.pid;
}

/** Draws what the listing would show into a file. @throws UserError if that is nothing. */
async function draw(
  tables: readonly Table[],
  file: string,
  args: Arguments,
  filters: Filters,
  work: Work,
  sys: Sys,
): Promise<void> {
  const [{ perNamespace }, { writeGraph }] = await Promise.all([
    import('../mount-graph/namespaces.ts'),
    import('../mount-graph/write-graph.ts'),
  ]);
  const namespaces = perNamespace(
    tables.map(({ source, mounts }) => ({
      name: work.nameOf(source),
      namespaceId: namespaceIdOf(source, work, sys),
      mounts,
    })),
  );
  const drawn = namespaces.map((table) => ({
    ...table,
    selected: work.selectedMounts(table.mounts, filters, args.submounts),
  }));
  if (drawn.every(({ mounts, selected }) => (selected === null ? mounts.length : selected.size) === 0))
    throw nothing(filters, tables);
  await writeGraph(drawn, file);
}

/** Null for a file, and where the process may be looked at no more: then its table is drawn by itself. */
function namespaceIdOf(source: TableSource, work: Work, sys: Sys): number | null {
  if ('file' in source) return null;
  try {
    return work.mountNamespaceId(sys, source.pid === 'self' ? 'thread-self' : source.pid);
  } catch (error) {
    if (error instanceof work.SyscallError) return null;
    throw error;
  }
}

/** Why nothing is shown. */
function nothing({ types, states, place }: Filters, tables: readonly Table[]): UserError {
  const mounts = tables.flatMap(({ mounts }) => mounts);
  if (mounts.length === 0) return new UserError('there are no mounts', undefined);
  const wanted = [
    ...(place === undefined ? [] : [`at ${printable(place.word)}`]),
    ...(types === undefined ? [] : [`of type ${printable(types)}`]),
    ...(states === undefined ? [] : [`that is ${states.join(' or ')}`]),
  ];
  const known = [...new Set(mounts.map(({ type }) => printable(type)))].sort();
  return new UserError(
    `there is no mount ${wanted.join(', ')}`,
    types === undefined ? 'ns-tool mounts lists those that there are.' : `The types here are: ${known.join(', ')}`,
  );
}

/** Prints changes until a signal ends this process, or the last process watched has ended. */
async function watch(
  args: Arguments,
  sources: readonly TableSource[],
  filters: Filters,
  interval: number | null,
  work: Work,
  sys: Sys,
): Promise<number> {
  const [changes, { watch }] = await Promise.all([
    import('../mount-listing/changes.ts'),
    import('../mount-listing/watch.ts'),
  ]);
  const isTerminal = work.terminalWidth(sys) !== null;
  const palette = work.paletteFor(work.wantsColours(process.env, isTerminal));
  const names = sources.map(work.nameOf).join(', ');
  const ready = () => {
    printError(`Watching the mounts of ${names === 'self' ? 'this namespace' : names}; Ctrl-C ends it.`);
    if (interval === null && work.terminalWidth(sys, 2) !== null) printError(SILENT);
  };
  const shown = (mounts: readonly Mount[]) => work.selectedMounts(mounts, filters, args.submounts);
  for (const event of watch(sys, sources as readonly Watched[], 1, interval, ready)) {
    if ('isUnread' in event) throw new BrokenPipe();
    const name = work.nameOf(event.source);
    if ('hasEnded' in event) {
      printError(`${name} has ended.`);
      continue;
    }
    const [before, after] = [shown(event.before), shown(event.after)];
    const now = new Date();
    for (const change of event.changes) {
      const was = change.sign === '~' ? change.before : change.mount;
      if (before !== null && !before.has(was) && !after?.has(change.mount)) continue;
      if (args.json) {
        print(JSON.stringify({ time: now.toISOString(), tid: tidOf(event.source), ...changes.changeData(change) }));
      } else {
        const whose = sources.length > 1 ? `${name}  ` : '';
        const text = changes.changeText(change, palette, work.isUnicode(process.env));
        print(`${palette.quiet(timeOfDay(now))} ${whose}${text}`);
      }
    }
  }
  return 0;
}

const SILENT = 'Changes of propagation by mount(2) send no event: see --interval.';

/** In milliseconds; null where there is none. */
function intervalOf({ interval, watch }: Arguments): number | null {
  if (interval === undefined) return null;
  const word = one(interval);
  if (!watch) {
    throw new UsageError('--interval says how often --watch looks', `Give both: ns-tool mounts --watch --interval 1`);
  }
  const seconds = /^\d*\.?\d*$/.test(word) ? Number(word || '.') : Number.NaN;
  if (seconds > 0) return Math.min(Math.ceil(seconds * 1000), LONGEST);
  throw new UsageError(
    `--interval: not a number of seconds above 0: ${JSON.stringify(word)}`,
    'For example: --interval 0.5',
  );
}

/** The longest that poll(2) waits, in milliseconds: 24 days. */
const LONGEST = 2 ** 31 - 1;

/** The local time, `12:34:56`. */
function timeOfDay(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

function* withNewlines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}

/** So much is written at once: a call for each of 100,000 lines would take longer than all the rest. */
const CHUNK = 1024 * 1024;

function printAll(pieces: Iterable<string>): void {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK) continue;
    printBytes(Buffer.from(text));
    text = '';
  }
  printBytes(Buffer.from(text));
}
