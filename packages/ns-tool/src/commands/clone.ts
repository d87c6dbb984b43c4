import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'clone';
export const describe = 'Show a pid namespace, made by clone3 in one step';
export const { options, builder, runsCommand, run } = demonstrationCommand('clone');
