import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'cgroup';
export const describe = 'Show a cgroup namespace: control groups that begin at its own';
export const { options, builder, runsCommand, run } = demonstrationCommand('cgroup');
