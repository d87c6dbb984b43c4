import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'pid';
export const describe = 'Show a pid namespace: processes numbered from 1';
export const { options, builder, runsCommand, run } = demonstrationCommand('pid');
