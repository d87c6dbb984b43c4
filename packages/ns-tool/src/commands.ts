/** The commands there are. */

import type { Commands } from './command.ts';
import * as cgroup from './commands/cgroup.ts';
import * as checkCaps from './commands/check-caps.ts';
import * as cleanup from './commands/cleanup.ts';
import * as clone from './commands/clone.ts';
import * as diff from './commands/diff.ts';
import * as enter from './commands/enter.ts';
import * as exec from './commands/exec.ts';
import * as images from './commands/images.ts';
import * as ipc from './commands/ipc.ts';
import * as ls from './commands/ls.ts';
import * as mount from './commands/mount.ts';
import * as mounts from './commands/mounts.ts';
import * as net from './commands/net.ts';
import * as pid from './commands/pid.ts';
import * as proc from './commands/proc.ts';
import * as ps from './commands/ps.ts';
import * as pull from './commands/pull.ts';
import * as reach from './commands/reach.ts';
import * as rm from './commands/rm.ts';
import * as rmi from './commands/rmi.ts';
import * as run from './commands/run.ts';
import * as slave from './commands/slave.ts';
import * as stop from './commands/stop.ts';
import * as time from './commands/time.ts';
import * as unshare from './commands/unshare.ts';
import * as user from './commands/user.ts';
import * as uts from './commands/uts.ts';

export const COMMANDS: Commands = {
  mount,
  slave,
  unshare,
  enter,
  pid,
  uts,
  ipc,
  net,
  user,
  cgroup,
  time,
  clone,
  proc,
  ls,
  mounts,
  diff,
  reach,
  pull,
  images,
  rmi,
  run,
  ps,
  exec,
  stop,
  rm,
  cleanup,
  'check-caps': checkCaps,
};
