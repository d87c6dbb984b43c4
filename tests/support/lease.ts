/** Holding up whoever executes a file, just there: by a lease on it. fcntl(2), "Leases". */
import { spawnSync } from 'node:child_process';

/**
 * A program for `perl -e`, without single quotes. It takes a lease on the file that is its argument (F_SETLEASE, F_WRLCK) and
 * says `taken`, and `awaited` once somebody waits for it; until it is killed.
 */
export const LEASE = `$| = 1; $SIG{INT} = "IGNORE"; open(F, "<", $ARGV[0]) or die;
$SIG{IO} = sub { print "awaited\\n" }; fcntl(F, 1024, 1) or die; print "taken\\n"; sleep 1 while 1`;

/** Whether a suite must be skipped for lack of perl(1), and says so. */
export function needsPerl(what: string): boolean {
  const has = spawnSync('perl', ['-e', '1']).status === 0;
  if (!has) console.warn(`skipped, since perl is not installed: ${what}`);
  return !has;
}
