/** /proc and /sys of a container, and what of them its root must not see or change. Pure. */
import {
  AT_FDCWD,
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_REC,
  MS_REMOUNT,
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  type Recorder,
} from '@ns-tool/syscalls';

/** A filesystem of the kernel, and the properties of its mount. */
export interface KernelFilesystem {
  readonly type: string;
  readonly attributes: number;
}

const RESTRICTED = MS_NOSUID | MS_NODEV | MS_NOEXEC;
const RESTRICTED_ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

export const PROC: KernelFilesystem = { type: 'proc', attributes: RESTRICTED_ATTRIBUTES };
export const SYSFS: KernelFilesystem = { type: 'sysfs', attributes: RESTRICTED_ATTRIBUTES | MOUNT_ATTR_RDONLY };

/** Docker's defaults: "maskedPaths" of its OCI configuration (daemon/pkg/oci/defaults.go in moby). */
const MASKED_FILES = [
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
];
const MASKED_DIRECTORIES = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/scsi',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

/** Likewise "readonlyPaths". */
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * Makes a filesystem that is mounted nowhere yet. While the host's own is still to be seen: in a user namespace the kernel
 * allows no other that shows more (mount_too_revealing in fs/namespace.c).
 */
export function openKernelFilesystem(sys: Recorder, { type, attributes }: KernelFilesystem): number {
  const context = sys.fsopen(type, FSOPEN_CLOEXEC);
  sys.fsconfig(context, FSCONFIG_SET_STRING, 'source', type, 0);
  sys.fsconfig(context, FSCONFIG_CMD_CREATE, null, null, 0);
  return sys.fsmount(context, FSMOUNT_CLOEXEC, attributes);
}

/** Attaches it to a directory of the root. */
export function attachKernelFilesystem(sys: Recorder, mount: number, target: string): void {
  sys.move_mount(mount, '', openMountPoint(sys, target), '', MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/**
 * Opens a directory of the root, which is made where it is missing.
 *
 * A symbolic link in its place ends the program (ENOTDIR): what is mounted would be elsewhere, and who looks for it would
 * find what the image has there (CVE-2019-19921 in runc).
 */
export function openMountPoint(sys: Recorder, path: string): number {
  sys.allowing('EEXIST').mkdirat(AT_FDCWD, path, 0o755);
  return sys.openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/** Hides what tells of the host, and makes read-only what changes it. ENOENT: this kernel has no such file. */
export function hideFromRoot(sys: Recorder): void {
  const trying = sys.allowing('ENOENT');
  for (const path of READ_ONLY) {
    trying.mount(path, path, null, MS_BIND | MS_REC, null);
    trying.mount(null, path, null, MS_REMOUNT | MS_BIND | MS_RDONLY | RESTRICTED, null);
  }
  for (const path of MASKED_FILES) trying.mount('/dev/null', path, null, MS_BIND, null);
  for (const path of MASKED_DIRECTORIES) trying.mount('tmpfs', path, 'tmpfs', MS_RDONLY | RESTRICTED, null);
}
