/**
 * Lesson 05: makes mounts in all five propagation states, and shows who receives what is mounted on each.
 *
 * Its argument is an empty directory. In a mount namespace of its own, of which nothing is seen outside, the program
 *
 * 1. makes seven mounts in it that all show one tmpfs, each on a directory of its name, in this order:
 *
 *        source         the tmpfs, shared
 *        shared         shared too, a peer of `source`
 *        slave          a slave of their group
 *        shared-slave   a slave of their group, and shared: in a group of its own
 *        downstream     a peer of `shared-slave`
 *        private        private
 *        unbindable     unbindable
 *
 * 2. prints the lines that /proc/self/mountinfo has of them, in the order of the list, then an empty line,
 * 3. mounts a tmpfs on a directory of each of the seven, and prints a line for each: its name, a colon, and the names
 *    of the others on which that tmpfs has appeared too, in the order of the list, or `none`: `slave: none`.
 *
 * It leaves nothing behind in the directory, and ends with status 0.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { CLONE_NEWNS, MS_BIND, MS_PRIVATE, MS_REC, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, sys } from '@ns-tool/syscalls';

const directory = process.argv[2] ?? '/mnt/states';
