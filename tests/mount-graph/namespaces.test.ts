/** Which tables are one namespace, and what it is called. */
import { describe, expect, it } from 'vitest';
import { type ProcessTable, perNamespace } from '../../packages/ns-tool/src/mount-graph/namespaces.ts';
import { table } from '../mount-table/tables.ts';

const HERE = ['20 1 /', '21 20 /mnt shared:1'];

const of = (name: string, id: number | null, ...lines: string[]): ProcessTable => ({
  name,
  namespaceId: id,
  mounts: table(...lines),
});

const titles = (...tables: ProcessTable[]) => perNamespace(tables).map(({ namespace }) => namespace);

describe('tables', () => {
  it('that are equal, of one namespace, are drawn once', () => {
    const drawn = perNamespace([of('pid 1', 7, ...HERE), of('pid 2', 7, ...HERE)]);
    expect(drawn).toEqual([{ namespace: 'pid 1, pid 2', mounts: table(...HERE) }]);
  });

  it('that differ in one mount are not, also of one namespace', () => {
    expect(titles(of('pid 1', 7, ...HERE), of('pid 2', 7, '20 1 /'))).toEqual(['pid 1', 'pid 2']);
  });

  it('that are equal are not, in two namespaces', () => {
    expect(titles(of('pid 1', 7, '20 1 /'), of('pid 2', 8, '20 1 /'))).toEqual(['pid 1', 'pid 2']);
  });

  it('that are equal are not, where nobody knows the namespace', () => {
    expect(titles(of('pid 1', null, '20 1 /'), of('pid 2', null, '20 1 /'))).toEqual(['pid 1', 'pid 2']);
  });

  it('stand where the first of them does', () => {
    expect(titles(of('a', 7, '20 1 /'), of('b', 8, '30 1 /'), of('c', 7, '20 1 /'), of('d', 8, '31 1 /'))).toEqual([
      'a, c',
      'b',
      'd',
    ]);
  });
});

describe('the name of a namespace', () => {
  const named = (...names: string[]) => titles(...names.map((name) => of(name, 7, '20 1 /')));

  it('has a process that is given twice once', () => {
    expect(named('pid 1', 'self', 'pid 1')).toEqual(['pid 1, self']);
  });

  it('has three of them, or two and how many there are besides', () => {
    expect(named('pid 1', 'pid 2', 'pid 3')).toEqual(['pid 1, pid 2, pid 3']);
    expect(named('pid 1', 'pid 2', 'pid 3', 'pid 4', 'pid 5')).toEqual(['pid 1, pid 2 and 3 more']);
  });
});
