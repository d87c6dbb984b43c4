/**
 * Lesson 04: mounts a tmpfs that no other process can see.
 *
 * Its argument is the mount point, a directory that does not exist yet. In a mount namespace of its own, the program
 *
 * 1. makes the directory and mounts a tmpfs there, with the flags nodev and nosuid,
 * 2. prints its mount table, /proc/self/mounts,
 * 3. unmounts the tmpfs and removes the directory.
 */
import { CLONE_NEWNS, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, sys } from '@ns-tool/syscalls';

const mountPoint = process.argv[2] ?? '/mnt/test_mount';
