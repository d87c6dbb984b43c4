/** The user and group IDs that an ordinary user has for the files of a layer, and for the container that uses them. */
import { type IdMaps, mappableIds, mapWithSubordinates } from '@ns-tool/syscalls';

export interface LayerIds {
  readonly idMaps: IdMaps;
  /** Whether there are IDs for others than root. Without, all files belong to root, which is the user. */
  readonly hasOthers: boolean;
}

/** The user is root; the subordinate IDs, where they can be mapped, are the others. */
export function layerIds(): LayerIds {
  const subordinate = mappableIds(process.env.PATH ?? '');
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  return { idMaps: mapWithSubordinates(uid, gid, subordinate), hasOthers: subordinate !== null };
}
