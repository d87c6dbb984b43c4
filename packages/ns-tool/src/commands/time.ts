import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'time';
export const describe = 'Show a time namespace: clocks of its own';
export const { options, builder, runsCommand, run } = demonstrationCommand('time');
