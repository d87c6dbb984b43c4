/** Typing at a terminal of script(1)'s making, in a stand: to an interactive bash, and to what that starts. */
import { spawnSync } from 'node:child_process';
import type { Stand } from './stand.ts';

/** How the bash in the terminal starts ns-tool. */
export const TOOL = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs';

/** An interactive shell inside. It makes the file `inside1` at its first prompt, and so on. */
export const SHELL_INSIDE = 'bash --noprofile --init-file $D/inside.rc -i';

/** A command that makes the file `ready`, waits for a line in the FIFO `go`, and ends with 7. */
export const WAITING = 'sh $D/waiting.sh';

/** Prints, of the process of {@link WAITING}, that it is stopped or a zombie, once it is one of the two. */
const STATE = 'sh $D/state.sh';

/** Lets {@link WAITING} go on, whether it is at it or stopped: opened in this way, a FIFO takes the line at once. */
const GO = 'exec 9<> go; echo >&9';

const FILES = {
  // Without a history file, which would be that of whoever runs the tests.
  'outside.rc': 'export D=$PWD; HISTFILE= PS1= PS2= n=0 PROMPT_COMMAND=\'n=$((n + 1)); : > "$D/outside$n"\'',
  'inside.rc': 'cd "$D"; HISTFILE= PS1= PS2= n=0 PROMPT_COMMAND=\'n=$((n + 1)); : > "$D/inside$n"\'',
  // By the proc of the stand, which tells the pid of the process that reads. It makes no child: one that is stopped between
  // vfork(2) and execve(2) would keep it from being stopped.
  'waiting.sh': 'read -r pid rest < /proc/self/stat; echo $pid > $D/pid; : > $D/ready; read -r line < $D/go; exit 7',
  'state.sh':
    'i=0; until grep -E "^State:.*(stopped|zombie)" /proc/$(cat $D/pid)/status || [ $((i += 1)) -gt 100 ]; do sleep 0.02; done',
};

/** What is typed once a file is there: for printf(1), and without single quotes. */
export type Keys = readonly [file: string, keys: string];

export const CTRL_C = '\\003';
export const CTRL_D = '\\004';
export const CTRL_Z = '\\032';

/** Whether there is a script(1) to make terminals with; says so if not. */
export function hasTerminals(what: string): boolean {
  const has = spawnSync('script', ['--version']).status === 0;
  if (!has) console.warn(`skipped, since script(1) is not installed: ${what}`);
  return has;
}

/**
 * Types to an interactive bash, which makes the file `outside1` at its first prompt, and so on; the last keys must end it.
 * All are in a directory of their own, whose name is in `$D`.
 *
 * @returns what the files hold afterwards, without their last newline; `shown` is what the terminal has shown.
 */
export async function session(stand: Stand, typed: readonly Keys[]): Promise<Readonly<Record<string, string>>> {
  const type = typed.map(([file, keys]) => `${awaited(file)}; printf '${keys}'`).join('\n');
  const files = Object.entries(FILES).map(([name, text]) => `cat > ${name} <<'END'\n${text}\nEND`);
  const printed = await stand.shell(
    [
      'cd $(mktemp -d /mnt/neighbour/session.XXXXXX) && chmod 777 . && mkfifo -m 666 go',
      ...files,
      // exec, since a shell in between, which reads this, would take part in the job control.
      `(${type}) | SHELL=/bin/sh TERM=dumb timeout 50 script --quiet --command 'exec bash --noprofile --init-file outside.rc -i' shown`,
      'rm go; for file in *; do printf "\\0$file\\0"; cat $file; done',
    ].join('\n'),
  );
  const [, ...words] = printed.split('\0');
  const pairs = words.flatMap((word, i) => (i % 2 === 0 ? [[word, (words[i + 1] ?? '').replace(/\n$/, '')]] : []));
  return Object.fromEntries(pairs);
}

/** Waits for a file, though not for ever: what is missing is missed by the test. */
export function awaited(file: string): string {
  return `i=0; until [ -e ${file} ] || [ $((i += 1)) -gt 2000 ]; do sleep 0.02; done`;
}

/**
 * Makes the file `ready3` once another process group than the shell's has the terminal: what is typed before that is typed to
 * the shell. Fields of proc_pid_stat(5), by the proc that there is: (5) pgrp, (8) tpgid.
 */
const WHEN_LEFT =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: they are the shell's.
  'read -r -a own < /proc/self/stat; (until read -r -a now < /proc/self/stat; [ ${now[7]} != ${own[4]} ]; do sleep 0.02; done; : > ready3)';

/** The keys for a shell inside that somebody has started by `command`: what it can do with its terminal. */
export function workInside(command: string): readonly Keys[] {
  return [
    ['outside1', `stty rows 33 cols 99; ${command}\\n`],
    ['inside1', 'tty > tty; stty size > size; echo $$ > pid\\n'],
    ['inside2', 'sh -c ": > ready1; exec sleep 30"\\n'],
    ['ready1', CTRL_C],
    ['inside3', 'echo $? > interrupted; sh -c ": > ready2; exec sleep 30"\\n'],
    ['ready2', CTRL_Z],
    ['inside4', `echo $? > stopped; jobs > jobs; ${WHEN_LEFT} & fg %%1\\n`],
    ['ready3', CTRL_C],
    ['inside5', 'echo $? > resumed; exit 3\\n'],
    ['outside2', 'echo $? > status; tty > back; exit\\n'],
  ];
}

/** What comes of {@link workInside}. */
export const WORKED_INSIDE = {
  size: '33 99',
  interrupted: '130',
  stopped: '148',
  jobs: '[1]+  Stopped                 sh -c ": > ready2; exec sleep 30"',
  resumed: '130',
  status: '3',
};

/** The keys that stop a job, {@link WAITING}, from outside, and go on with it after a look. */
export function stopFromOutside(command: string): readonly Keys[] {
  return [
    ['outside1', `${command}\\n`],
    ['ready', CTRL_Z],
    ['outside2', `echo $? > stopped; ${GO}; ${STATE} > state; jobs > jobs; fg\\n`],
    ['outside3', 'echo $? > status; exit\\n'],
  ];
}

/** What comes of {@link stopFromOutside}. While it was stopped the command has not gone on, though it was let. */
export const STOPPED_FROM_OUTSIDE = { stopped: '148', state: 'State:\tT (stopped)', status: '7' };

/** The keys that interrupt a command, {@link WAITING}, from outside. */
export function interruptFromOutside(command: string): readonly Keys[] {
  return [
    ['outside1', `${command}\\n`],
    ['ready', CTRL_C],
    ['outside2', 'echo $? > status; jobs > jobs; exit\\n'],
  ];
}
