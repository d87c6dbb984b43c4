/**
 * Lesson 00: prints the namespaces that this process is in.
 *
 * It has no arguments. For each namespace it prints a line: the kind, as the file in /proc/self/ns is called, a space,
 * and the number of the namespace, as in
 *
 *     mnt 4026532177
 *
 * The lines are sorted by kind. `pid_for_children` and `time_for_children` are no kinds, and left out. The exit status
 * is 0.
 */
import { readdirSync, statSync } from 'node:fs';
