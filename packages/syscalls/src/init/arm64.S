/*
 * The program between a child and its command, for arm64: a whole ELF file, which `as` and `objcopy -O binary` make.
 *
 *     execveat(memfd, "", {NAME, STAYS, ANSWERS, COUNT, candidate…, argument…, NULL}, envp, AT_EMPTY_PATH)
 *
 *     NAME       what ps(1) shows
 *     STAYS      "1" to stay as the parent of the command, as an init does; "0" to become it
 *     ANSWERS    a descriptor, in decimal; the write end of a pipe
 *     COUNT      how many candidates there are, in decimal: 1 or more
 *     candidate  the paths that the command may have, in the order in which they are tried
 *     argument   what the command gets as its argv: 1 or more
 *
 * It finds itself as the command should: with default dispositions, no signal blocked, and no descriptor but the command's
 * and ANSWERS. To that it writes results of 32 bits, each 0 or a negative errno: 0 for the execveat(2) above, 0 or what
 * went wrong for the clone(2) of an init, and what went wrong for each candidate. The end of the pipe without one for the
 * last candidate says that the command runs. Where nothing is left to try, it exits with status 127.
 *
 * As an init it passes on to the command every signal that it is sent, waits for every child that it is given, and
 * exits when the command has ended: with its status, or with 128 + n if signal n ended it. SIGINT and SIGQUIT, which a key
 * sends to all in the foreground of a terminal, it passes on to the whole process group of a command that leads a session.
 *
 * It uses nothing but registers and its stack: the kernel maps this file for reading and executing only. Whoever gets
 * hold of it inside of a container may execute it with other arguments, or none; it has no more rights than they have.
 */
	.set	SIGINT, 2
	.set	SIGQUIT, 3
	.set	SIGTRAP, 5
	.set	SIGCHLD, 17
	.set	CLONE_VFORK, 0x4000
	.set	SIG_SETMASK, 2
	.set	F_SETFD, 2
	.set	FD_CLOEXEC, 1
	.set	PR_SET_NAME, 15
	.set	TIOCSCTTY, 0x540e
	.set	WNOHANG, 1
	.set	PTRACE_DETACH, 17
	.set	STOPPED, 0x7f		// as a status of wait(2)
	.set	SI_KERNEL, 0x80
	.set	SI_CODE, 8		// in siginfo_t, which has 128 bytes
	.set	SIGINFO, 128
	.set	SIGSET, 8		// the size of a set of signals

	.macro	call_kernel number
	mov	x8, #\number
	svc	#0			// Overwrites x0 only.
	.endm

	.text

// -- the file: elf(5)

file:
	.byte	0x7f, 'E', 'L', 'F', 2, 1, 1, 0		// 64 bits, little-endian, version 1, System V
	.quad	0
	.short	3, 183			// ET_DYN: at any address; EM_AARCH64
	.long	1
	.quad	_start - file		// e_entry
	.quad	segments - file		// e_phoff
	.quad	0			// no sections
	.long	0
	.short	64, 56, 2, 0, 0, 0	// the sizes of this header and of a segment's, and how many segments there are
segments:
	.long	1, 5			// PT_LOAD, for reading and executing: the whole file
	.quad	0, 0, 0, end_of_file - file, end_of_file - file, 0x10000
	.long	0x6474e551, 6		// PT_GNU_STACK, for reading and writing
	.quad	0, 0, 0, 0, 0, 16

// -- the arguments: x19 the next candidate, x20 how many are left, x21 argv, x22 envp, x23 ANSWERS, x24 STAYS, x25 NAME

_start:
	ldr	x10, [sp]		// argc, argv, NULL, envp, NULL
	add	x9, sp, #16
	add	x22, x9, x10, lsl #3
	subs	x10, x10, #5		// The most candidates there can be, if NAME, three numbers and one argument are there.
	b.le	fail
	ldp	x25, x9, [sp, #8]
	bl	number
	mov	w24, w0
	ldr	x9, [sp, #24]
	bl	number
	mov	w23, w0
	ldr	x9, [sp, #32]
	bl	number
	mov	w20, w0
	sub	w0, w0, #1
	cmp	x0, x10
	b.hs	fail			// Unsigned, so that 0 is too much too.
	add	x19, sp, #40
	add	x21, x19, x20, lsl #3

	mov	w0, w23
	mov	x1, #F_SETFD
	mov	x2, #FD_CLOEXEC
	call_kernel 25			// fcntl
	mov	x0, #0
	bl	answer

	cbz	w24, execute

// -- an init: w24 0 if it leads a session, w20 the pid of the command, x26 the set of all signals, x27 the last byte of the arguments

	call_kernel 172			// getpid
	mov	w24, w0
	mov	x0, #0
	call_kernel 156			// getsid
	sub	w24, w24, w0

	mov	x0, #PR_SET_NAME
	mov	x1, x25
	call_kernel 167			// prctl
	// Where the last byte of the arguments is no NUL, the kernel shows the first of them alone in /proc/PID/cmdline: a title.
	ldr	x27, [x22, #-16]
title:
	ldrb	w1, [x27], #1
	cbnz	w1, title
	mov	w1, #'.'
	strb	w1, [x27, #-1]!

	mov	x0, #-1			// All signals. Before the child is made, so that none of it is missed.
	str	x0, [sp, #-16]!
	mov	x26, sp
	mov	x1, sp
	bl	set_mask
	mov	x0, #CLONE_VFORK | SIGCHLD	// The init goes on once the command leads its session.
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	mov	x4, #0
	call_kernel 220			// clone
	cmp	w0, #0
	b.gt	init
	bl	answer
	tbnz	w0, #31, fail

	strb	wzr, [x27]		// The child gives the byte back.
	// Where its parent leads a session, the command leads one too, and gets the terminal. So Ctrl-C and a hangup are for the
	// command, and Ctrl-Z does not stop it for good: nobody in its session could let it go on. credentials(7), setpgid(2)
	cbnz	w24, unblock
	call_kernel 157			// setsid
	mov	x0, #0
	mov	x1, #TIOCSCTTY
	mov	x2, #0
	call_kernel 29			// ioctl. There may be no terminal.
unblock:
	str	xzr, [sp, #-16]!
	mov	x1, sp
	bl	set_mask

// -- the command

execute:
	ldr	x0, [x19], #8
	mov	x1, x21
	mov	x2, x22
	call_kernel 221			// execve
	bl	answer
	subs	w20, w20, #1
	b.eq	fail
	neg	w0, w0
	lsr	w1, w0, #5		// The set in words of 32 bits, since a shift counts modulo 32.
	cmp	w1, #4
	b.hs	fail
	adr	x9, missing
	ldr	w9, [x9, x1, lsl #2]
	lsr	w9, w9, w0
	tbnz	w9, #0, execute

fail:
	mov	x0, #127		// As a shell ends when it could not start a program.
exit:
	call_kernel 94			// exit_group
	udf	#0			// A seccomp filter can refuse exit_group too.

// Writes w0 as a result, and keeps it.
answer:
	str	x0, [sp, #-16]!
	mov	w0, w23
	mov	x1, sp
	mov	x2, #4
	call_kernel 64			// write
	ldr	x0, [sp], #16
	ret

// The number that the digits at x9 stand for, in w0.
number:
	mov	w0, #0
	mov	w2, #10
digit:
	ldrb	w1, [x9], #1
	subs	w1, w1, #'0'
	b.lo	numbered
	madd	w0, w0, w2, w1
	b	digit
numbered:
	ret

// Blocks the signals of the set at x1, and no others.
set_mask:
	mov	x0, #SIG_SETMASK
	mov	x2, #0
	mov	x3, #SIGSET
	call_kernel 135			// rt_sigprocmask
	ret

// -- what an init does

init:
	mov	w20, w0
	mov	w0, w23
	call_kernel 57			// close: the pipe ends with the child's execve.
	sub	sp, sp, #SIGINFO	// siginfo_t at sp
wait:
	mov	x0, x26
	mov	x1, sp
	mov	x2, #0
	mov	x3, #SIGSET
	call_kernel 137			// rt_sigtimedwait
	cmp	w0, #SIGCHLD
	b.eq	reap
	cmp	w0, #0
	b.le	wait			// Interrupted by a stop.
	ldr	w1, [sp, #SI_CODE]
	cmp	w1, #SI_KERNEL
	b.eq	wait			// From a terminal, which has sent it to the command as well.
	mov	w1, w0
	mov	w0, w20
	sub	w2, w1, #SIGINT
	cmp	w2, #SIGQUIT - SIGINT
	b.hi	pass			// Unsigned, so that it is one of the two.
	cbnz	w24, pass
	neg	w0, w20
pass:
	call_kernel 129			// kill
	b	wait

reap:
	mov	x0, #-1
	mov	x1, sp
	mov	x2, #WNOHANG
	mov	x3, #0
	call_kernel 260			// wait4
	cmp	w0, #0
	b.le	wait			// None has ended.
	ldrb	w1, [sp]
	cmp	w1, #STOPPED
	b.ne	ended
	// The command has asked to be traced by its parent, and so stops at each signal. It gets that, but for the one of execve(2).
	mov	w1, w0
	mov	x0, #PTRACE_DETACH
	mov	x2, #0
	ldrb	w3, [sp, #1]
	cmp	w3, #SIGTRAP
	csel	w3, wzr, w3, eq
	call_kernel 117			// ptrace
	b	reap
ended:
	cmp	w0, w20
	b.ne	reap
	ldr	w1, [sp]		// wait(2): the status in the second byte, or the signal in seven bits of the first
	ubfx	w0, w1, #8, #8
	ands	w1, w1, #0x7f
	b.eq	exit
	add	w0, w1, #128
	b	exit

// After these errnos execvp(3) tries the next directory: a bit for each.
	.balign	8
missing:
	.quad	1 << 2 | 1 << 13 | 1 << 19 | 1 << 20		// ENOENT, EACCES, ENODEV, ENOTDIR
	.quad	1 << (110 - 64) | 1 << (116 - 64)		// ETIMEDOUT, ESTALE
end_of_file:
