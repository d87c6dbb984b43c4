import { demonstrationCommand } from '../demonstrations/command.ts';

export const command = 'user';
export const describe = 'Show a user namespace: root inside, and nobody special outside';
export const { options, builder, runsCommand, run } = demonstrationCommand('user');
