import { UserError } from './errors.ts';

/**
 * Loads what does the work of a command, and only now: help and mistakes need none of it, and some machines cannot.
 *
 * @throws UserError on a machine that @ns-tool/syscalls does not know.
 */
export async function onThisMachine<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new UserError(
      (error as Error).message,
      'Use a Linux machine, real or virtual, with one of these processors.',
    );
  }
}
