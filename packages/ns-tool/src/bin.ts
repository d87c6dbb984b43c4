import { COMMANDS } from './commands.ts';
import { start } from './start.ts';

start(COMMANDS);
