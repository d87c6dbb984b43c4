/** The boxes and lines that say what boxes and lines mean. */
import type { Box, Picture } from './picture.ts';

function sample(id: string, fields: Partial<Box>): Box {
  const place = [id];
  return {
    id: `legend_${id}`,
    kind: 'mount',
    state: 'private',
    group: null,
    master: null,
    place,
    text: [],
    details: [],
    ...fields,
  };
}

const shared = sample('1', {
  state: 'shared',
  group: 1,
  text: ['filled: shared', 'what is mounted here, its peers get too'],
});
const peer = sample('2', {
  state: 'shared',
  group: 1,
  text: ['of one colour: of one peer group', 'so these two are peers'],
});
const slave = sample('3', {
  state: 'slave',
  master: 1,
  text: ['dashed: slave, in the colour of its master', 'arrow to slaves: they get, give nothing'],
});
const alone = sample('4', { state: 'shared', group: 2, text: ['grey: shared, no other of its group here'] });
const plain = sample('5', { text: ['plain: private, gets and gives nothing'] });
const unbindable = sample('6', { state: 'unbindable', text: ['double: unbindable, and private'] });
const more = sample('7', { kind: 'more', text: ['12 more: private mounts, left out'] });

/** A picture by itself, whose only cluster is the legend. */
export const LEGEND: Picture = {
  clusters: [{ title: 'How to read this', boxes: [shared, peer, slave, alone, plain, unbindable, more], tree: [] }],
  groups: [],
  lines: [
    { kind: 'peers', from: shared, to: peer, group: 1 },
    { kind: 'slave', from: peer, to: slave, group: 1 },
  ],
};

/** What lines say. */
export const WORDS = { tree: '', peers: 'peers', slave: 'to slave' } as const;
