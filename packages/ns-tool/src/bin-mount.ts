/** `ns-tool mount` alone: the whole command is several times as large, and the start of this one counts. */
import * as mount from './commands/mount.ts';
import { start } from './start.ts';

start({ mount });
