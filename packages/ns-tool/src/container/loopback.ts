/** The loopback interface of a network namespace, which begins with it alone, and down. Pure. */
import { AF_NETLINK, NETLINK_ROUTE, type Recorder, SOCK_CLOEXEC, SOCK_RAW } from '@ns-tool/syscalls';

/** It is made first: LOOPBACK_IFINDEX in include/net/flow.h. */
const LOOPBACK_INDEX = 1;

/*
 * A message: struct nlmsghdr with its length (32 bits), type (16), flags (16), sequence number and port ID (32 each); and
 * struct ifinfomsg with family, padding (8 each), type (16), index, flags and which flags to change (32 each). rtnetlink(7).
 */
const MESSAGE_SIZE = 32;
const RTM_NEWLINK = 16;
const NLM_F_REQUEST = 1;
const IFF_UP = 1;

function upRequest(): Uint8Array {
  const view = new DataView(new ArrayBuffer(MESSAGE_SIZE));
  view.setUint32(0, MESSAGE_SIZE, true);
  view.setUint16(4, RTM_NEWLINK, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setInt32(20, LOOPBACK_INDEX, true);
  view.setUint32(24, IFF_UP, true);
  view.setUint32(28, IFF_UP, true);
  return new Uint8Array(view.buffer);
}

/** Sets the interface up, by which the kernel gives it 127.0.0.1 and ::1. */
export function setLoopbackUp(sys: Recorder): void {
  const socket = sys.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  // The kernel has done it when the call returns.
  sys.write(socket, upRequest());
  sys.close(socket);
}
