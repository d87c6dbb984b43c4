import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';
import { parseSignal } from '../signal.ts';

export const command = 'stop CONTAINER...';
export const describe = 'End containers';

export const options = {
  time: { alias: 't', type: 'string', default: '10', requiresArg: true, describe: 'Seconds until SIGKILL' },
  signal: { alias: 's', type: 'string', default: 'SIGTERM', requiresArg: true, describe: 'The signal before it' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

const WANTED = 'no container given';

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 stop [OPTIONS] CONTAINER...\n')
    .usage('Asks the first process of each container to end, and kills it if it has not after a while.')
    .usage('As PID 1 it ignores a signal that it has no handler for: many shells do.')
    .options(options)
    .demandCommand(1, WANTED)
    .string('_')
    .example('$0 stop web', 'By its name, its ID, or the first digits of that')
    .example('$0 stop -t 0 web', 'At once');
}

type Arguments = InferredOptionTypes<typeof options> & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run({ time, signal, json, _: words }: Arguments, { loadSys }: Context): Promise<number> {
  if (!/^\d{1,6}(\.\d+)?$/.test(time)) throw new UsageError('--time: not a number of seconds', 'For example: --time 2');
  const first = parseSignal('signal', signal);
  const [{ ownStateDirectory }, { statesIn }, { containerNamed }, { stop }] = await onThisMachine(() =>
    Promise.all([
      import('../container/host.ts'),
      import('../container/state.ts'),
      import('../container/find.ts'),
      import('../container/stop.ts'),
    ]),
  );
  const sys = await loadSys();
  const states = statesIn(ownStateDirectory());
  // All are found before any is stopped.
  const containers = words.map((word) => containerNamed(states, String(word)));
  const stopped = containers.map((state) => ({
    id: state.id,
    name: state.name,
    how: stop(sys, state, first, Number(time) * 1000),
  }));
  if (json) print(JSON.stringify(stopped, null, 2));
  else for (const { name, how } of stopped) print(`${name}: ${how}`);
  return 0;
}
