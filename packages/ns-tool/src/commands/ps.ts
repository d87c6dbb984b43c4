import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';

export const command = 'ps';
export const describe = 'List the containers that run';

export const options = {
  quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Print the IDs alone' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 ps [OPTIONS]\n')
    .usage('Lists your containers: those that run, and as dead those whose ns-tool was killed.')
    .options(options)
    .example('$0 ps', 'What runs')
    .example('$0 stop $($0 ps -q)', 'End them all');
}

/** Runs the command and returns its exit status. */
export async function run({ quiet, json }: InferredOptionTypes<typeof options>, { loadSys }: Context): Promise<number> {
  const [{ ownStateDirectory }, { isAlive, statesIn }, { toTable }, { terminalWidth }] = await onThisMachine(() =>
    Promise.all([
      import('../container/host.ts'),
      import('../container/state.ts'),
      import('../container/list.ts'),
      import('../terminal.ts'),
    ]),
  );
  const containers = statesIn(ownStateDirectory())
    .map((state) => ({ ...state, running: isAlive(state) }))
    .sort((a, b) => a.created.localeCompare(b.created));
  if (json) print(JSON.stringify(containers, null, 2));
  else if (quiet) for (const { id } of containers) print(id);
  else for (const line of toTable(containers, Date.now(), terminalWidth(await loadSys()))) print(line);
  return 0;
}
