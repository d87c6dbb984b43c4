/** The user and group IDs that an ordinary user has for the files of a layer, and for the container that uses them. */
import { accessSync, constants } from 'node:fs';
import { type IdMaps, mapSelf, type SubordinateIds, subordinateIds } from '@ns-tool/syscalls';

export interface LayerIds {
  readonly idMaps: IdMaps;
  /** Whether there are IDs for others than root. Without, all files belong to root, which is the user. */
  readonly hasOthers: boolean;
}

/**
 * The user is root; the subordinate IDs, where there are any and newuidmap(1) and newgidmap(1) to map them, are the others
 * from 1 on: as Podman does it.
 */
export function layerIds(): LayerIds {
  const self = mapSelf();
  const [uids, gids] = [subordinateIds('uid'), subordinateIds('gid')];
  if (uids === null || gids === null || !['newuidmap', 'newgidmap'].every(isProgram)) {
    return { idMaps: self, hasOthers: false };
  }
  const others = (ids: SubordinateIds) => ({ inside: 1, ...ids });
  return { idMaps: { uid: [...self.uid, others(uids)], gid: [...self.gid, others(gids)] }, hasOthers: true };
}

function isProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((directory) => {
    try {
      accessSync(`${directory}/${name}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
