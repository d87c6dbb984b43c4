/** What the columns say of a mount. */
import { mountTree } from '@ns-tool/mount-table';
import { describe, expect, it } from 'vitest';
import {
  COLUMN_NAMES,
  COLUMNS,
  columnsIn,
  DEFAULT_COLUMNS,
  fieldsOf,
  textOf,
  UnknownColumn,
} from '../../packages/ns-tool/src/mount-listing/columns.ts';
import { mergedOptions } from '../../packages/ns-tool/src/mount-listing/options.ts';
import { propagationText } from '../../packages/ns-tool/src/mount-listing/propagation-text.ts';
import { mount, table } from '../mount-table/tables.ts';

describe('options of mount and filesystem', () => {
  it.each([
    ['rw,relatime', 'rw', 'rw,relatime'],
    ['rw', 'rw', 'rw'],
    ['ro', 'ro', 'ro'],
    ['a', 'a', 'a'],
    ['rw', 'ro', 'ro'],
    ['ro', 'rw', 'ro'],
    ['ro,nosuid', 'ro,size=1k', 'ro,nosuid,size=1k'],
    ['rw,nosuid', 'ro,size=1k', 'ro,nosuid,size=1k'],
    ['rw,nosuid', 'seclabel', 'rw,nosuid,seclabel'],
    ['rw', 'a', 'rw,a'],
    ['rw,a', 'rw,ro', 'rw,a,ro'],
    ['ro,a', 'ro,ro', 'ro,a,ro'],
    ['rw,noatime', 'rw,noatime', 'rw,noatime'],
    // A third one is left, as a value of something else would be.
    ['rw,a', 'rw,rw', 'rw,a,rw'],
  ])('%s and %s are %s', (options, superOptions, expected) => {
    expect(mergedOptions({ options: options.split(','), superOptions: superOptions.split(',') })).toBe(expected);
  });

  it('are not those of another mount that shares one of the lists', () => {
    const shared = ['rw', 'a'];
    expect(mergedOptions({ options: shared, superOptions: ['rw', 'b'] })).toBe('rw,a,b');
    expect(mergedOptions({ options: shared, superOptions: ['rw', 'c'] })).toBe('rw,a,c');
    expect(mergedOptions({ options: ['rw', 'd'], superOptions: shared })).toBe('rw,d,a');
  });
});

describe('propagation in words', () => {
  it.each([
    ['', 'private'],
    ['unbindable', 'unbindable'],
    ['shared:3', 'shared:3'],
    ['master:3', 'slave of 3'],
    ['shared:5 master:3', 'shared:5, slave of 3'],
    ['master:3 propagate_from:2', 'slave of 3'],
    ['master:3 unbindable', 'slave of 3, unbindable'],
    ['shared:5 new:1', 'shared:5, new:1'],
  ])('%j is %s', (fields, expected) => {
    const [mount] = table(`20 1 / ${fields}`.trim());
    expect(mount && propagationText(mount)).toBe(expected);
  });
});

describe('columns', () => {
  const [node] = mountTree([
    mount({ id: 20, parentId: 7, device: '8:12', source: '', root: '/sub', peerGroup: 5, master: 3 }),
  ]).nodes;
  const entry = { node: node as NonNullable<typeof node>, tid: 42 };

  it.each([
    ['TARGET', '/', '/'],
    ['SOURCE', '[/sub]', '[/sub]'],
    ['FSTYPE', 'tmpfs', 'tmpfs'],
    ['PROPAGATION', 'shared,slave', 'shared:5, slave of 3'],
    ['OPT-FIELDS', 'shared:5 master:3', 'shared:5 master:3'],
    ['ID', 20, '20'],
    ['PARENT', 7, '7'],
    ['MAJ:MIN', '8:12', '  8:12 '],
    ['FSROOT', '/sub', '/sub'],
    ['TID', 42, '42'],
    ['GROUP', 5, '5'],
    ['MASTER', 3, '3'],
    ['COVERED', false, ''],
  ] as const)('%s is %j for programs and %j for people', (name, value, text) => {
    expect(COLUMNS[name].value(entry)).toBe(value);
    expect(textOf(name, entry)).toBe(text);
  });

  it('say nothing where there is nothing', () => {
    const [node] = mountTree([mount({ source: '' })]).nodes;
    const entry = { node: node as NonNullable<typeof node>, tid: null };
    for (const name of ['SOURCE', 'OPT-FIELDS', 'TID', 'GROUP', 'MASTER'] as const) {
      expect([name, COLUMNS[name].value(entry), textOf(name, entry)]).toEqual([name, null, '']);
    }
  });

  it('show people no control characters', () => {
    const [node] = mountTree([mount({ mountPoint: '/a\x1b[2J\n\udcff\x7fé' })]).nodes;
    expect(node && textOf('TARGET', { node, tid: null })).toBe('/a\\033[2J\\012\\377\\177é');
  });

  it('are chosen by name, in any case, and in the order given', () => {
    expect(columnsIn('id,Maj:Min,TARGET', DEFAULT_COLUMNS)).toEqual(['ID', 'MAJ:MIN', 'TARGET']);
    expect(columnsIn('+id', DEFAULT_COLUMNS)).toEqual([...DEFAULT_COLUMNS, 'ID']);
    expect(columnsIn(COLUMN_NAMES.join(), [])).toEqual(COLUMN_NAMES);
  });

  it.each(['', 'TARGET,', 'TARGETS', 'toString', 'TARGET ID'])('%j names one that there is not', (list) => {
    expect(() => columnsIn(list, DEFAULT_COLUMNS)).toThrow(UnknownColumn);
  });

  it('tell what has to be read', () => {
    const tree = ['id', 'parentId', 'mountPoint'];
    expect([...fieldsOf(['TARGET', 'TID'])]).toEqual(tree);
    expect([...fieldsOf(['SOURCE', 'OPTIONS'])]).toEqual([...tree, 'source', 'root', 'options', 'superOptions']);
    expect([...fieldsOf(['FSTYPE', 'GROUP'])]).toEqual([...tree, 'type', 'peerGroup']);
  });

  it('read no more of a mount than they tell', () => {
    for (const name of COLUMN_NAMES) {
      const read = new Set<string>();
      const [node] = mountTree([mount({ peerGroup: 5 })]).nodes as [NonNullable<typeof entry.node>];
      const spied = new Proxy(node.mount, {
        get: (target, field) => {
          read.add(String(field));
          return Reflect.get(target, field);
        },
      });
      const entry_ = { node: { ...node, mount: spied }, tid: null };
      COLUMNS[name].value(entry_);
      textOf(name, entry_);
      expect([name, [...read].filter((field) => !fieldsOf([name]).has(field as never))]).toEqual([name, []]);
    }
  });
});
