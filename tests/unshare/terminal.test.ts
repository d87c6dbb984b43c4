/** `ns-tool unshare` in a terminal: job control of a shell inside, and of one outside, as with unshare(1). */
import { beforeAll, describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import {
  hasTerminals,
  interruptFromOutside,
  SHELL_INSIDE,
  STOPPED_FROM_OUTSIDE,
  session,
  stopFromOutside,
  TOOL,
  WAITING,
  WORKED_INSIDE,
  workInside,
} from '../support/terminal.ts';

const what = 'ns-tool unshare in a terminal';

describe.skipIf(!hasTerminals(what) || needsRoot(what))(what, () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    return () => stand.dispose();
  });

  const OURS = `${TOOL} unshare`;

  it('a shell that is pid 1 has the terminal and job control, and its status counts', async () => {
    const files = await session(stand, workInside(`${OURS} -mpf -- ${SHELL_INSIDE}`));
    expect(files).toMatchObject({ ...WORKED_INSIDE, pid: '1', back: files.tty });
    expect(files.tty).toMatch(/^\/dev\/pts\/\d+$/);
  });

  it('so has one in a user namespace', async () => {
    const files = await session(stand, workInside(`${OURS} -Urm -- ${SHELL_INSIDE}`));
    expect(files).toMatchObject({ ...WORKED_INSIDE, back: files.tty });
  });

  for (const unshare of [OURS, 'unshare']) {
    describe(`a command of ${unshare === OURS ? 'ns-tool unshare' : 'unshare(1)'}`, () => {
      it('is stopped by Ctrl-Z, and resumed by fg', async () => {
        const files = await session(stand, stopFromOutside(`${unshare} -m -- ${WAITING}`));
        expect(files).toMatchObject(STOPPED_FROM_OUTSIDE);
        expect(files.jobs).toMatch(/^\[1\]\+ {2}Stopped .*unshare -m -- sh /);
      });
      it('is stopped outside and not itself as pid 1, which ignores the signal', async () => {
        const files = await session(stand, stopFromOutside(`${unshare} -mpf -- ${WAITING}`));
        expect(files).toMatchObject({ ...STOPPED_FROM_OUTSIDE, state: 'State:\tZ (zombie)' });
        expect(files.jobs).toMatch(/^\[1\]\+ {2}Stopped .*unshare -mpf -- sh /);
      });
      it('is ended by Ctrl-C', async () => {
        const files = await session(stand, interruptFromOutside(`${unshare} -m -- ${WAITING}`));
        expect(files).toMatchObject({ status: '130', jobs: '' });
      });
    });
  }
});
