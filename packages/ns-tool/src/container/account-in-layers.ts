/** Who a user of an image is, by the files of that image. */
import type { Sys } from '@ns-tool/syscalls';
import { accountOf } from './account.ts';
import { readInLayers } from './layered-files.ts';
import type { Account } from './plan.ts';

/** Files that name users are this large at most, in bytes. */
const LARGEST = 1024 * 1024;

/**
 * The account of a user in a root that lies in layers.
 *
 * @param layers absolute paths, lowest first.
 * @param user empty for root, `USER` or `USER:GROUP`, each by name or number.
 * @throws NotStarted for a name that the files do not have.
 */
export function accountInLayers(sys: Sys, layers: readonly string[], user: string): Account {
  const [passwd, group] = readInLayers(sys, layers, ['/etc/passwd', '/etc/group'], LARGEST);
  return accountOf(user, { passwd: passwd ?? '', group: group ?? '' });
}
