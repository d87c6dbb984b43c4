/** The files that every container gets in its /etc, from outside of its image. */
import { readFileSync } from 'node:fs';

export interface OwnFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** With the name servers of the host, if it has any. hosts(5), resolv.conf(5) */
export function ownFilesOf(hostname: string): OwnFile[] {
  return [
    { name: 'hostname', content: `${hostname}\n` },
    {
      name: 'hosts',
      content: `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 ${hostname}\n`,
    },
    { name: 'resolv.conf', content: resolvConf() },
  ];
}

function resolvConf(): Uint8Array {
  try {
    return readFileSync('/etc/resolv.conf');
  } catch {
    return new Uint8Array();
  }
}
