// Loaded before the command: says at its end which modules it has loaded, one a line, on descriptor 3.
process.on('exit', () => {
  const files = Object.keys(require.cache);
  require('node:fs').writeSync(3, [...files, ...process.moduleLoadList].join('\n'));
});
