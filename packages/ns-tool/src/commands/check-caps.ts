import { readFileSync } from 'node:fs';
import type { Argv, InferredOptionTypes } from 'yargs';
import { onThisMachine } from '../on-this-machine.ts';
import { print } from '../output.ts';

export const command = 'check-caps';
export const describe = 'Show your capabilities, and which namespaces you can make';

export const options = {
  json: { type: 'boolean', default: false, describe: 'Print JSON' },
} as const;

export function builder(yargs: Argv): Argv {
  return yargs
    .usage('$0 check-caps [OPTIONS]\n')
    .usage('Shows your effective capabilities, and tries for each kind of namespace whether you can make one.')
    .options(options)
    .example('$0 check-caps', 'What you can do')
    .example('sudo $0 check-caps', 'What root can do');
}

/** Runs the command and returns its exit status. */
export async function run({ json }: InferredOptionTypes<typeof options>): Promise<number> {
  const { effectiveCapabilities, tryNamespaces } = await onThisMachine(loadWork);
  const capabilities = effectiveCapabilities(readFileSync('/proc/thread-self/status', 'utf8'));
  const capSysAdmin = capabilities.includes('CAP_SYS_ADMIN');
  const namespaces = await tryNamespaces();
  if (json) {
    print(JSON.stringify({ capabilities, capSysAdmin, namespaces }, null, 2));
    return 0;
  }

  print('Effective capabilities:');
  for (const name of capabilities.length > 0 ? capabilities : ['none']) print(`  ${name}`);
  print(`CAP_SYS_ADMIN: ${capSysAdmin ? 'yes' : 'no'}`);
  print('Namespace creation:');
  for (const { kind, possible, possibleInUserNamespace, reason } of namespaces) {
    const otherwise = possibleInUserNamespace ? '; in a user namespace of your own: yes' : '';
    print(`  ${`${kind}:`.padEnd(8)}${possible ? 'yes' : `no (${reason})${otherwise}`}`);
  }
  return 0;
}

async function loadWork() {
  const [names, creation] = await Promise.all([
    import('../capabilities/capabilities.ts'),
    import('../capabilities/namespace-creation.ts'),
  ]);
  return { ...names, ...creation };
}
