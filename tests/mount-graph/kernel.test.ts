/** Pictures of namespaces that the kernel made. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toDot } from '../../packages/ns-tool/src/mount-graph/dot.ts';
import { render } from '../../packages/ns-tool/src/mount-graph/graphviz.ts';
import { toMermaid } from '../../packages/ns-tool/src/mount-graph/mermaid.ts';
import { Namespace, quoted } from '../mount-table/namespaces.ts';
import { needsRoot } from '../support/privilege.ts';
import { linesOf, readDot, readMermaid, readXml } from './pictures.ts';

describe.skipIf(needsRoot('pictures of real namespaces'))('a namespace, a peer and a slave of it', () => {
  const made: Namespace[] = [];
  let base = '';

  beforeAll(() => {
    base = mkdtempSync(path.join(tmpdir(), 'graph'));
  });
  afterAll(async () => {
    for (const namespace of made) await namespace.dispose();
    rmSync(base, { recursive: true });
  });

  it('are drawn with their relations', async () => {
    const host = await Namespace.make();
    made.push(host);
    await host.shell(`
      mount -t tmpfs base ${base}
      cd ${base}
      mkdir shared private unbindable bind ${quoted('a "b" <c> \\ \udcff')}
      for d in shared private unbindable; do mount -t tmpfs $d $d; done
      mount --make-shared shared
      mount --make-unbindable unbindable
      mount --bind shared bind
      mount -t tmpfs hostile ${quoted('a "b" <c> \\ \udcff')}
    `);
    const peer = await Namespace.make('unchanged', host);
    made.push(peer);
    const slave = await Namespace.make('slave', host);
    made.push(slave);
    await slave.shell(`mount --make-shared ${base}/bind`);

    const tables = [
      { namespace: 'host', mounts: host.mounts() },
      { namespace: 'peer', mounts: peer.mounts() },
      { namespace: 'slave', mounts: slave.mounts() },
    ];
    const drawing = await readDot(toDot(tables));
    const group = host.mounts().find(({ mountPoint }) => mountPoint === `${base}/shared`)?.peerGroup;
    const own = slave.mounts().find(({ mountPoint }) => mountPoint === `${base}/bind`)?.peerGroup;
    const said = (name: string) => drawing.boxes.get(name)?.text.slice(2);
    expect(said(`host ${base}/shared`)).toEqual([`peer group ${group}`]);
    expect(said(`peer ${base}/bind`)).toEqual([`peer group ${group}`]);
    expect(said(`slave ${base}/shared`)).toEqual([`slave of peer group ${group}`]);
    expect(said(`slave ${base}/bind`)).toEqual([`peer group ${own}, slave of ${group}`]);
    expect(said(`host ${base}/private`)).toEqual([]);
    expect(said(`host ${base}/unbindable`)).toEqual(['unbindable']);
    expect(drawing.boxes.has(`host ${base}/a "b" <c> \\ \\377`)).toBe(true);
    expect(linesOf(drawing, 'peers')).toEqual([
      `host ${base}/bind -> host ${base}/shared`,
      `host ${base}/bind -> peer ${base}/bind`,
      `peer ${base}/bind -> peer ${base}/shared`,
    ]);
    expect(linesOf(drawing, 'slave')).toEqual([
      `peer ${base}/bind -> slave ${base}/bind`,
      `peer ${base}/shared -> slave ${base}/shared`,
    ]);
    expect(readXml(await render(toDot(tables), 'svg')).name).toBe('svg');
    expect(readMermaid(toMermaid(tables)).count).toBe(drawing.count);
  });
});
