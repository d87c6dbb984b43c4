import { findmntPropagation, type Mount, propagationGraph, propagationOf } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import { mount, table } from './tables.ts';

describe('the propagation of a mount', () => {
  it.each<[string, string, Partial<Mount>]>([
    ['private', 'private', {}],
    ['shared', 'shared', { peerGroup: 1 }],
    ['slave', 'private,slave', { master: 1 }],
    ['slave', 'private,slave', { master: 2, propagateFrom: 1 }],
    ['shared,slave', 'shared,slave', { peerGroup: 2, master: 1 }],
    ['unbindable', 'private,unbindable', { unbindable: true }],
  ])('%s, or %s with findmnt: %o', (state, column, fields) => {
    expect(propagationOf(mount(fields))).toBe(state);
    expect(findmntPropagation(mount(fields))).toBe(column);
  });

  it('is never lost, even where the kernel would not have it so', () => {
    const odd = mount({ peerGroup: 1, unbindable: true });
    expect([propagationOf(odd), findmntPropagation(odd)]).toEqual(['shared', 'shared,unbindable']);
  });
});

/** The graph with mounts as `namespace:ID`. */
function graph(...tables: Parameters<typeof propagationGraph>[0]) {
  const show = (members: readonly { namespace: string; mount: Mount }[]) =>
    members.map(({ namespace, mount }) => `${namespace}:${mount.id}`);
  return [...propagationGraph(tables).values()].map(({ id, members, slaves, master, slaveGroups }) => ({
    id,
    members: show(members),
    slaves: show(slaves),
    master,
    slaveGroups,
  }));
}

describe('propagationGraph', () => {
  it('joins peers, masters and slaves across namespaces', () => {
    const a = {
      namespace: 'a',
      mounts: table('20 1 / shared:1', '21 20 /p', '22 20 /m shared:2', '23 20 /n shared:2'),
    };
    const b = { namespace: 'b', mounts: table('30 1 / shared:3 master:1', '31 30 /m master:2', '32 30 /u unbindable') };
    expect(graph(a, b)).toEqual([
      { id: 1, members: ['a:20'], slaves: ['b:30'], master: null, slaveGroups: [3] },
      { id: 2, members: ['a:22', 'a:23'], slaves: ['b:31'], master: null, slaveGroups: [] },
      { id: 3, members: ['b:30'], slaves: [], master: 1, slaveGroups: [] },
    ]);
  });

  it('has a mount once that two processes of one namespace show', () => {
    const a = { namespace: 'a', mounts: table('20 1 / shared:1', '21 20 /m master:1') };
    expect(graph(a, a)).toEqual(graph(a));
    expect(graph(a, { ...a, namespace: 'b' })[0]?.members).toEqual(['a:20', 'b:20']);
  });

  it('has a group once among the slaves of its master, however many members it has', () => {
    const mounts = table('20 1 / shared:1', '21 20 /a shared:2 master:1', '22 20 /b shared:2 master:1');
    expect(graph({ namespace: 'a', mounts })[0]).toMatchObject({ slaves: ['a:21', 'a:22'], slaveGroups: [2] });
  });

  it('has a master group of which no table shows a member', () => {
    expect(graph({ namespace: 'a', mounts: table('20 1 / master:7') })).toEqual([
      { id: 7, members: [], slaves: ['a:20'], master: null, slaveGroups: [] },
    ]);
  });

  it('takes from propagate_from what such a group receives from', () => {
    const mounts = table('20 1 / shared:5', '21 20 /a master:7 propagate_from:5');
    expect(graph({ namespace: 'a', mounts })).toEqual([
      { id: 5, members: ['a:20'], slaves: [], master: null, slaveGroups: [7] },
      { id: 7, members: [], slaves: ['a:21'], master: 5, slaveGroups: [] },
    ]);
  });

  it('believes the members of a group rather than propagate_from', () => {
    const a = { namespace: 'a', mounts: table('21 20 /a master:7 propagate_from:5') };
    const b = {
      namespace: 'b',
      mounts: table('30 1 / shared:7 master:6', '31 30 /6 shared:6 master:5', '32 30 /5 shared:5'),
    };
    const masters = Object.fromEntries(graph(a, b).map(({ id, master }) => [id, master]));
    expect(masters).toEqual({ 5: null, 6: 5, 7: 6 });
  });
});
