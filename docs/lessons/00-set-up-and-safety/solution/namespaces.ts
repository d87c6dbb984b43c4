/** Prints the namespaces that this process is in, a line for each: its kind and its number. */
import { readdirSync, statSync } from 'node:fs';

const NS = '/proc/self/ns';

for (const kind of readdirSync(NS).sort()) {
  // These say where the next children will be, not where this process is.
  if (kind.endsWith('_for_children')) continue;

  // stat(2) follows the link, so this is the inode number of the namespace itself.
  console.log(`${kind} ${statSync(`${NS}/${kind}`).ino}`);
}
