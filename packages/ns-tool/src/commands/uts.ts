import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'uts';
export const describe = 'Show a UTS namespace: a host name of its own';
export const { options, builder, runsCommand, run } = demonstrationCommand('uts');
