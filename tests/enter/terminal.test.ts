/** `ns-tool enter` in a terminal: job control of a shell inside, and of one outside, as with nsenter(1). */
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
import { endResidents, type Residents, startResidents, withPids } from './residents.ts';

const what = 'ns-tool enter in a terminal';

describe.skipIf(!hasTerminals(what) || needsRoot(what))(what, () => {
  let stand: Stand;
  let residents: Residents;
  beforeAll(async () => {
    stand = await Stand.make();
    residents = await startResidents(stand);
    return async () => {
      await endResidents(stand);
      await stand.dispose();
    };
  });

  const OURS = `${TOOL} enter`;
  const words = (text: string) => withPids(text, residents);

  it('a shell in a pid namespace has the terminal and job control, and its status counts', async () => {
    const files = await session(stand, workInside(words(`${OURS} @all -- ${SHELL_INSIDE}`)));
    expect(files).toMatchObject({ ...WORKED_INSIDE, back: files.tty });
    expect(files.tty).toMatch(/^\/dev\/pts\/\d+$/);
    expect(Number(files.pid)).toBeLessThan(1000);
  });

  it('so has one in the namespaces of an ordinary user', async () => {
    const files = await session(stand, workInside(words(`${OURS} -t @own -a -- ${SHELL_INSIDE}`)));
    expect(files).toMatchObject({ ...WORKED_INSIDE, back: files.tty });
  });

  it('so has one without a fork', async () => {
    const files = await session(stand, workInside(words(`${OURS} @all --uts -- ${SHELL_INSIDE}`)));
    expect(files).toMatchObject({ ...WORKED_INSIDE, back: files.tty });
  });

  for (const enter of [OURS, 'nsenter']) {
    describe(`a command of ${enter === OURS ? 'ns-tool enter' : 'nsenter(1)'}`, () => {
      // nsenter(1) that has forked takes the stop of its child for another one, once it is resumed, and stops again.
      for (const options of enter === OURS ? ['-p', '-u'] : ['-u']) {
        it(`is stopped by Ctrl-Z, and resumed by fg, with ${options}`, async () => {
          const files = await session(stand, stopFromOutside(words(`${enter} -t @all ${options} -- ${WAITING}`)));
          expect(files).toMatchObject(STOPPED_FROM_OUTSIDE);
          expect(files.jobs).toMatch(/^\[1\]\+ {2}Stopped .*enter -t \d+ -[pu] -- sh /);
        });
      }
      it('is ended by Ctrl-C', async () => {
        const files = await session(stand, interruptFromOutside(words(`${enter} -t @all -p -- ${WAITING}`)));
        expect(files).toMatchObject({ status: '130', jobs: '' });
      });
    });
  }
});
