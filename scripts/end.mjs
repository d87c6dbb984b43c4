// The ways these scripts end early.

/**
 * Ends as a child process ended. If that was by a signal, this process dies by it too, so that the shell that waits for it
 * sees status 130 for a Ctrl-C and stops its own script.
 * @param {{ status: number | null, signal: NodeJS.Signals | null }} end
 * @returns {never}
 */
export function endLike({ status, signal }) {
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}

/**
 * Ends with a message for a person: what went wrong, and what to do.
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(`ns-tool: ${message}`);
  process.exit(1);
}
