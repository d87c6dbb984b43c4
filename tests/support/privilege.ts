/** Whether a suite must be skipped for lack of root, and says so: a skip without a reason is a hole. */
export function needsRoot(what: string): boolean {
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot) console.warn(`skipped, since it needs root: ${what}`);
  return !isRoot;
}
