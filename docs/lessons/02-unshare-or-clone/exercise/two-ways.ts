/**
 * Lesson 02: makes a pid namespace in one of two ways, and shows who is in it.
 *
 * Its argument is the way: `unshare`, that is sys.unshare with CLONE_NEWPID; or `clone`, that is `spawn` with
 * namespaces. The program makes one new pid namespace in this way and starts two children, the second when the first
 * has ended. It prints a line for each child, and then two for itself; the numbers are examples:
 *
 *     first: pid:[4026532181] as 1      the pid namespace that the child is in, and the pid that it has there
 *     second: pid:[4026532178] as 4711  the same; or `second: ENOMEM`, if the child cannot be made for that reason
 *     self: pid:[4026532178]            the pid namespace that the program is in at the end
 *     children: pid:[4026532178]        and the one that its next child would be in
 *
 * The exit status is 0, also where a child could not be made for that reason.
 */
import { readlinkSync } from 'node:fs';
import { CLONE_NEWPID, isErrno, type NamespaceKind, spawn, sys } from '@ns-tool/syscalls';

const way = process.argv[2];
