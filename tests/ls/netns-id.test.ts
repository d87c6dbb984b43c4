/** The IDs that network namespaces have for each other: the messages of rtnetlink(7), and what the kernel answers. */
import { closeSync, openSync } from 'node:fs';
import { AF_NETLINK, errnoNumber, interpose, NETLINK_ROUTE, SOCK_CLOEXEC, SOCK_RAW, sys } from '@ns-tool/syscalls';
import { describe, expect, it } from 'vitest';
import { netnsIdIn, netnsIdOf, netnsIdRequest } from '../../packages/ns-tool/src/namespace-list/netns-id.ts';
import { withFault } from '../support/faults.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Runs `use` on the network namespace of this process. */
function onOwn<T>(use: (fd: number) => T): T {
  const fd = openSync('/proc/thread-self/ns/net', 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

describe('the messages', () => {
  // As strace -e raw=sendto,recvfrom shows them of lsns(8): length, type, flags, sequence and port; family; attribute.
  it('ask for the namespace of a descriptor', () => {
    expect(netnsIdRequest(7)).toEqual(bytes('1c000000 5a00 0100 00000000 00000000 00000000 0800 0300 07000000'));
    expect(netnsIdRequest(0x01020304).subarray(24)).toEqual(bytes('04030201'));
  });

  it.each<[string, string, number | 'unassigned' | null]>([
    ['an ID', '1c000000 5800 0000 00000000 393a0000 00000000 0800 0100 05000000', 5],
    ['the ID 0', '1c000000 5800 0000 00000000 393a0000 00000000 0800 0100 00000000', 0],
    ['none', '1c000000 5800 0000 00000000 393a0000 00000000 0800 0100 ffffffff', 'unassigned'],
    ['another attribute first', '1c000000 5800 0000 00000000 393a0000 00000000 0800 0400 05000000', null],
    ['an error', '24000000 0200 0000 00000000 393a0000 eaffffff 0800 0100 05000000 00000000 00000000', null],
    ['another message', '1c000000 5900 0000 00000000 393a0000 00000000 0800 0100 05000000', null],
    ['a message that ends early', '1c000000 5800 0000 00000000 393a0000 00000000 0800 0100', null],
    ['nothing', '', null],
  ])('answer with %s', (_, answer, id) => {
    expect(netnsIdIn(bytes(answer))).toBe(id);
  });
});

describe('the kernel', () => {
  it('is asked by a socket, which is closed again', () => {
    const calls: string[] = [];
    const watching = interpose(sys, ({ name, perform }) => {
      calls.push(name);
      return perform();
    });
    expect(onOwn((fd) => netnsIdOf(watching, fd))).toSatisfy((id) => id === 'unassigned' || typeof id === 'number');
    expect(calls).toEqual(['socket', 'write', 'read', 'close']);
  });

  it('says of what is no network namespace that it knows no ID', () => {
    const fd = openSync('/proc/thread-self/ns/user', 'r');
    expect(netnsIdOf(sys, fd)).toBeNull();
    closeSync(fd);
  });

  it.each(['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EPERM', 'EACCES'] as const)('may have no netlink: %s', (code) => {
    const without = withFault(sys, { at: 'socket', errno: errnoNumber(code) });
    expect(onOwn((fd) => netnsIdOf(without, fd))).toBeNull();
  });

  it('has no other error that is passed over', () => {
    const failing = withFault(sys, { at: 'socket', errno: errnoNumber('EMFILE') });
    expect(() => onOwn((fd) => netnsIdOf(failing, fd))).toThrow('EMFILE');
  });

  it('refuses what the table does not know before it is asked', () => {
    expect(() => sys.socket(99, SOCK_RAW, NETLINK_ROUTE)).toThrow('socket: argument 1 must be one of AF_NETLINK');
    expect(() => sys.socket(AF_NETLINK, 1, NETLINK_ROUTE)).toThrow('socket: argument 2 must be one of SOCK_RAW');
    expect(() => sys.socket(AF_NETLINK, SOCK_CLOEXEC, NETLINK_ROUTE)).toThrow('argument 2 must be one of SOCK_RAW');
    expect(() => sys.socket(AF_NETLINK, SOCK_RAW | 0x10, NETLINK_ROUTE)).toThrow(
      'argument 2 must not have the unknown',
    );
    expect(() => sys.socket(AF_NETLINK, SOCK_RAW, 9)).toThrow('socket: argument 3 must be one of NETLINK_ROUTE');
  });
});
