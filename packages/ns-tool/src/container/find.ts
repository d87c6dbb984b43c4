/** The container that a word means. */
import { UserError } from '../errors.ts';
import { printable } from '../output.ts';
import { type ContainerState, isAlive } from './state.ts';

/**
 * Finds a container by its name, its ID, or the first digits of its ID. Of several with that name, it is the one that runs.
 *
 * @throws UserError if there is none, or more than one.
 */
export function containerNamed(states: readonly ContainerState[], word: string): ContainerState {
  const called = states.filter(({ id, name }) => name === word || id === word);
  const exact = called.find(isAlive) ?? called[0];
  if (exact !== undefined) return exact;
  const [first, ...others] = states.filter(({ id }) => word !== '' && id.startsWith(word));
  if (first === undefined) {
    throw new UserError(`no such container: ${printable(word)}`, 'Those that there are: ns-tool ps');
  }
  if (others.length === 0) return first;
  const ids = [first, ...others].map(({ id }) => id).join(', ');
  throw new UserError(`more than one container has an ID that begins with ${word}`, `Give more of it: ${ids}`);
}
