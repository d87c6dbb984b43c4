/** The files of one container in the store, while it runs. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChildEndedEarly, type Exit, IdMapError, makeDirectories, SyscallError, spawn } from '@ns-tool/syscalls';
import { UserError } from '../errors.ts';
import { printable } from '../output.ts';
import type { ContainerPlan } from './plan.ts';
import { removeTree } from './remove-tree.ts';

/** Makes the directories of the overlay. */
export function makeBundle({ bundle, image }: ContainerPlan): void {
  makeDirectories(bundle, 0o700);
  // As long as it is there, so is the image: StoreDirectory in @ns-tool/images.
  if (image !== null) writeFileSync(join(bundle, 'image'), image);
  for (const name of ['upper', 'work']) mkdirSync(join(bundle, name));
  // The root inside has the mode of `upper`, whatever the umask is here.
  chmodSync(join(bundle, 'upper'), 0o755);
}

type Removable = Pick<ContainerPlan, 'bundle' | 'idMaps'>;

/**
 * Removes what is in the store, whatever the container has made of it: directories without permission, of other users of its
 * user namespace, or so deep that no path names them.
 *
 * @throws UserError if something is left.
 */
export async function removeBundle({ bundle, idMaps }: Removable): Promise<void> {
  try {
    removeTree(bundle);
  } catch {
    // It has not come to be, where this user may not even look.
    if (existsSync(bundle)) await removeByChild({ bundle, idMaps });
  }
}

/** For an ordinary user as root of a user namespace: the overlay's own directory denies access to its owner. */
async function removeByChild({ bundle, idMaps }: Removable): Promise<void> {
  const refuse = (why: string, cause?: Error) =>
    new UserError(`cannot remove all of ${printable(bundle)}: ${why}`, 'Try again: ns-tool cleanup', { cause });
  let exit: Exit;
  try {
    const { exited } = await spawn('rm', ['-rf', '--', bundle], {
      ...(idMaps !== null && { namespaces: ['user'], idMaps }),
      parentDeathSignal: 'SIGKILL',
    });
    exit = await exited;
  } catch (error) {
    const isExpected = [SyscallError, IdMapError, ChildEndedEarly].some((type) => error instanceof type);
    throw isExpected ? refuse((error as Error).message, error as Error) : error;
  }
  if (exit.signal !== null) throw refuse(`rm was ended by ${exit.signal}`);
  if (exit.status !== 0) throw refuse(`rm ended with status ${exit.status}`);
}
