// Loaded before the command, to see what it says on a machine that is not Linux.
Object.defineProperty(process, 'platform', { value: 'darwin' });
