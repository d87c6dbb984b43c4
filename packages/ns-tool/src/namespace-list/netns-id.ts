/**
 * The ID by which the network namespace of this process knows another: RTM_GETNSID of rtnetlink(7), Linux 4.0.
 *
 * Each network namespace numbers its peers by itself, from 0, once something connects it with them, such as a veth(4) pair,
 * or somebody asks for it: `ip netns set`. See ip-netns(8), and rtnl_net_getid in net/core/net_namespace.c.
 */
import { AF_NETLINK, NETLINK_ROUTE, SOCK_CLOEXEC, SOCK_RAW, type Sys } from '@ns-tool/syscalls';

/** NETNSA_NSID_NOT_ASSIGNED is -1 for the kernel. */
export type NetnsId = number | 'unassigned';

/*
 * A message: struct nlmsghdr with its length (32 bits), type (16), flags (16), sequence number and port ID (32 each); struct
 * rtgenmsg with the family (8) and padding; and attributes, of which each is struct rtattr with its length and type (16 each)
 * and a value. include/uapi/linux/netlink.h, rtnetlink.h and net_namespace.h.
 */
const MESSAGE_SIZE = 28;
const ATTRIBUTE = 20;
const VALUE = 24;

const RTM_NEWNSID = 88;
const RTM_GETNSID = 90;
const NLM_F_REQUEST = 1;
const NETNSA_NSID = 1;
const NETNSA_FD = 3;

/** More than an answer takes, and than an error with the request in it. */
const ANSWER_SIZE = 128;

/** The message that asks for the namespace that `fd` is open on. */
export function netnsIdRequest(fd: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(MESSAGE_SIZE));
  view.setUint32(0, MESSAGE_SIZE, true);
  view.setUint16(4, RTM_GETNSID, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint16(ATTRIBUTE, MESSAGE_SIZE - ATTRIBUTE, true);
  view.setUint16(ATTRIBUTE + 2, NETNSA_FD, true);
  view.setInt32(VALUE, fd, true);
  return new Uint8Array(view.buffer);
}

/** The ID in an answer; null if it is none but an error, as before Linux 4.0. */
export function netnsIdIn(answer: Uint8Array): NetnsId | null {
  if (answer.length < MESSAGE_SIZE) return null;
  const view = new DataView(answer.buffer, answer.byteOffset);
  if (view.getUint16(4, true) !== RTM_NEWNSID || view.getUint16(ATTRIBUTE + 2, true) !== NETNSA_NSID) return null;
  const id = view.getInt32(VALUE, true);
  return id < 0 ? 'unassigned' : id;
}

/**
 * Asks the kernel for the ID of the network namespace that `fd` is open on. Takes no privilege.
 *
 * @returns null where that cannot be known: the kernel has no netlink or no such IDs, a filter for system calls hides them, or
 *   the file is no network namespace.
 */
export function netnsIdOf(sys: Sys, fd: number): NetnsId | null {
  const socket = openNetlink(sys);
  if (socket === null) return null;
  try {
    // With write(2) and no address it goes to the kernel, which has answered when the call returns: netlink(7).
    sys.write(socket, netnsIdRequest(fd));
    const answer = new Uint8Array(ANSWER_SIZE);
    return netnsIdIn(answer.subarray(0, sys.read(socket, answer)));
  } finally {
    sys.close(socket);
  }
}

function openNetlink(sys: Sys): number | null {
  const trying = sys.allowing('EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EPERM', 'EACCES');
  const socket = trying.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  return socket < 0 ? null : socket;
}
