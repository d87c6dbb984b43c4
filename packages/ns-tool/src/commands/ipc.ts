import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'ipc';
export const describe = 'Show an IPC namespace: message queues and shared memory of its own';
export const { options, builder, runsCommand, run } = demonstrationCommand('ipc');
