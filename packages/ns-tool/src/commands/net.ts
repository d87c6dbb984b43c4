import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'net';
export const describe = 'Show a network namespace: interfaces of its own';
export const { options, builder, runsCommand, run } = demonstrationCommand('net');
