/** Prints the mount table as this process sees it, by statmount(2) and from mountinfo. */
import { parseMountinfo } from '@ns-tool/mount-table';
import { readFile, sys } from '@ns-tool/syscalls';
import { mountsByStatmount } from '../../../packages/ns-tool/src/mount-table/statmount.ts';

const ours = mountsByStatmount(sys);
const theirs = parseMountinfo(readFile(sys, '/proc/self/mountinfo'));
process.stdout.write(JSON.stringify({ ours, theirs }));
