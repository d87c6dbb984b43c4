/** An ordinary user who may map more IDs than the own, in the /etc of a stand: subuid(5), subgid(5). */
import { spawnSync } from 'node:child_process';

/** The user's ID, and that of the own group. */
export const LEARNER = 54321;

/** A shell script that gives the stand this user, called `learner`, with these ranges: `FIRST:COUNT`. */
export const makeLearner = (uids: string, gids: string) => `
mkdir /etc-of-stand && cp /etc/passwd /etc/group /etc-of-stand
echo 'learner:x:${LEARNER}:${LEARNER}::/:/bin/sh' >> /etc-of-stand/passwd
echo 'learner:x:${LEARNER}:' >> /etc-of-stand/group
echo 'learner:${uids}' > /etc-of-stand/subuid
echo '${LEARNER}:${gids}' > /etc-of-stand/subgid
for file in passwd group subuid subgid
do [ -e /etc/$file ] || touch /etc/$file; mount --bind /etc-of-stand/$file /etc/$file; done
`;

/** Whether a suite must be skipped for lack of the programs that map these IDs, and says so. */
export function needsIdMapping(what: string): boolean {
  const isInstalled = spawnSync('newuidmap').error === undefined;
  if (!isInstalled) console.warn(`skipped, since newuidmap(1) is not installed: ${what}`);
  return !isInstalled;
}
