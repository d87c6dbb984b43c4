import type { Argv, InferredOptionTypes } from 'yargs';
import type { Context } from '../context.ts';
import { UserError } from '../errors.ts';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';

export const command = 'rm CONTAINER...';
export const describe = 'Remove what a container has left whose ns-tool was killed';

export const options = {
  force: { alias: 'f', type: 'boolean', default: false, describe: 'Kill it first if it runs' },
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

const WANTED = 'no container given';

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 rm [OPTIONS] CONTAINER...\n')
    .usage('Removes the files and the state of dead containers. One that ends by itself leaves none.')
    .options(options)
    .demandCommand(1, WANTED)
    .string('_')
    .example('$0 rm -f web', 'Kill it, and remove what it leaves')
    .example('$0 cleanup', 'Remove what all dead ones have left');
}

type Arguments = InferredOptionTypes<typeof options> & { readonly _: readonly (string | number)[] };

/** Runs the command and returns its exit status. */
export async function run({ force, json, _: words }: Arguments, { loadSys }: Context): Promise<number> {
  const [host, { isAlive, removeState, statesIn }, { containerNamed }, { stop }, { removeBundle }, cgroup] =
    await onThisMachine(() =>
      Promise.all([
        import('../container/host.ts'),
        import('../container/state.ts'),
        import('../container/find.ts'),
        import('../container/stop.ts'),
        import('../container/bundle.ts'),
        import('../container/cgroup/remove.ts'),
      ]),
    );
  const sys = await loadSys();
  const directory = host.ownStateDirectory();
  const states = statesIn(directory);
  const containers = words.map((word) => containerNamed(states, String(word)));
  const running = containers.find(isAlive);
  if (running !== undefined && !force) {
    throw new UserError(
      `${running.name} runs`,
      `End it first: ns-tool stop ${running.name}; or: ns-tool rm -f ${running.name}`,
    );
  }
  for (const state of containers) {
    stop(sys, state, 'SIGKILL', 0);
    await cgroup.removeCgroups(cgroup.cgroupsOf(state));
    await removeBundle({ bundle: state.bundle, idMaps: host.idMapsFor(host.thisHost()) });
    removeState(directory, state.id);
  }
  if (json) print(JSON.stringify({ removed: containers.map(({ id, name }) => ({ id, name })) }, null, 2));
  else for (const { name } of containers) print(name);
  return 0;
}
