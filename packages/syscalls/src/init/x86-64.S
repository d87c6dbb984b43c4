/*
 * The program between a child and its command, for x86-64: a whole ELF file, which `as` and `objcopy -O binary` make.
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
	.set	STOPPED, 0x7f		# as a status of wait(2)
	.set	SI_KERNEL, 0x80
	.set	SI_CODE, 8		# in siginfo_t, which has 128 bytes
	.set	SIGINFO, 128
	.set	SIGSET, 8		# the size of a set of signals

	.macro	call_kernel number
	mov	$\number, %eax
	syscall				# Overwrites rax, rcx and r11 only.
	.endm

	.text

# -- the file: elf(5)

file:
	.byte	0x7f, 'E', 'L', 'F', 2, 1, 1, 0		# 64 bits, little-endian, version 1, System V
	.quad	0
	.short	3, 62			# ET_DYN: at any address; EM_X86_64
	.long	1
	.quad	_start - file		# e_entry
	.quad	segments - file		# e_phoff
	.quad	0			# no sections
	.long	0
	.short	64, 56, 2, 0, 0, 0	# the sizes of this header and of a segment's, and how many segments there are
segments:
	.long	1, 5			# PT_LOAD, for reading and executing: the whole file
	.quad	0, 0, 0, end_of_file - file, end_of_file - file, 0x10000
	.long	0x6474e551, 6		# PT_GNU_STACK, for reading and writing
	.quad	0, 0, 0, 0, 0, 16

# -- the arguments: rbx the next candidate, r15 how many are left, r13 argv, r14 envp, r12 ANSWERS, rbp STAYS

_start:
	mov	(%rsp), %rdx		# argc, argv, NULL, envp, NULL
	lea	16(%rsp,%rdx,8), %r14
	sub	$5, %rdx		# The most candidates there can be, if NAME, three numbers and one argument are there.
	jle	fail
	mov	16(%rsp), %rsi
	call	number
	mov	%eax, %ebp
	mov	24(%rsp), %rsi
	call	number
	mov	%eax, %r12d
	mov	32(%rsp), %rsi
	call	number
	mov	%eax, %r15d
	dec	%eax
	cmp	%rdx, %rax
	jae	fail			# Unsigned, so that 0 is too much too.
	lea	40(%rsp), %rbx
	lea	(%rbx,%r15,8), %r13

	mov	%r12d, %edi
	mov	$F_SETFD, %esi
	mov	$FD_CLOEXEC, %edx
	call_kernel 72			# fcntl
	xor	%eax, %eax
	call	answer

	test	%ebp, %ebp
	jz	execute

# -- an init: rbp 0 if it leads a session, r15 the pid of the command

	call_kernel 39			# getpid
	mov	%eax, %ebp
	xor	%edi, %edi
	call_kernel 124			# getsid
	sub	%eax, %ebp

	mov	-32(%rbx), %rsi		# NAME
	mov	$PR_SET_NAME, %edi
	call_kernel 157			# prctl
	# Where the last byte of the arguments is no NUL, the kernel shows the first of them alone in /proc/PID/cmdline: a title.
	mov	-16(%r14), %rdi
title:
	inc	%rdi
	cmpb	$0, -1(%rdi)
	jne	title
	dec	%rdi
	movb	$'.', (%rdi)
	push	%rdi

	push	$-1			# All signals, from now on at (%rsp). Before the child is made, so that none of it is missed.
	mov	%rsp, %rsi
	call	set_mask
	mov	$CLONE_VFORK | SIGCHLD, %edi	# The init goes on once the command leads its session.
	xor	%esi, %esi
	xor	%edx, %edx
	xor	%r10d, %r10d
	xor	%r8d, %r8d
	call_kernel 56			# clone
	test	%eax, %eax
	jg	init
	call	answer
	test	%eax, %eax
	js	fail

	mov	8(%rsp), %rdi
	movb	$0, (%rdi)		# The child gives the byte back.
	# Where its parent leads a session, the command leads one too, and gets the terminal. So Ctrl-C and a hangup are for the
	# command, and Ctrl-Z does not stop it for good: nobody in its session could let it go on. credentials(7), setpgid(2)
	test	%ebp, %ebp
	jnz	unblock
	call_kernel 112			# setsid
	xor	%edi, %edi
	mov	$TIOCSCTTY, %esi
	xor	%edx, %edx
	call_kernel 16			# ioctl. There may be no terminal.
unblock:
	push	$0
	mov	%rsp, %rsi
	call	set_mask

# -- the command

execute:
	mov	(%rbx), %rdi
	mov	%r13, %rsi
	mov	%r14, %rdx
	call_kernel 59			# execve
	call	answer
	add	$8, %rbx
	dec	%r15d
	jz	fail
	neg	%eax
	cmp	$128, %eax
	jae	fail
	bt	%eax, missing(%rip)	# With its bit number in a register, bt reaches as far from the address as it says.
	jc	execute

fail:
	mov	$127, %edi		# As a shell ends when it could not start a program.
exit:
	call_kernel 231			# exit_group
	ud2				# A seccomp filter can refuse exit_group too.

# Writes eax as a result, and keeps it.
answer:
	push	%rax
	mov	%r12d, %edi
	mov	%rsp, %rsi
	mov	$4, %edx
	call_kernel 1			# write
	pop	%rax
	ret

# The number that the digits at rsi stand for, in eax.
number:
	xor	%eax, %eax
digit:
	movzbl	(%rsi), %ecx
	sub	$'0', %ecx
	jb	numbered
	lea	(%rax,%rax,4), %eax
	lea	(%rcx,%rax,2), %eax
	inc	%rsi
	jmp	digit
numbered:
	ret

# Blocks the signals of the set at rsi, and no others.
set_mask:
	mov	$SIG_SETMASK, %edi
	xor	%edx, %edx
	mov	$SIGSET, %r10d
	call_kernel 14			# rt_sigprocmask
	ret

# -- what an init does

init:
	mov	%eax, %r15d
	mov	%r12d, %edi
	call_kernel 3			# close: the pipe ends with the child's execve.
	sub	$SIGINFO, %rsp		# siginfo_t at (%rsp), the set above it
wait:
	lea	SIGINFO(%rsp), %rdi
	mov	%rsp, %rsi
	xor	%edx, %edx
	mov	$SIGSET, %r10d
	call_kernel 128			# rt_sigtimedwait
	cmp	$SIGCHLD, %eax
	je	reap
	test	%eax, %eax
	jle	wait			# Interrupted by a stop.
	cmpl	$SI_KERNEL, SI_CODE(%rsp)
	je	wait			# From a terminal, which has sent it to the command as well.
	mov	%r15d, %edi
	mov	%eax, %esi
	lea	-SIGINT(%rax), %edx
	cmp	$SIGQUIT - SIGINT, %edx
	ja	pass			# Unsigned, so that it is one of the two.
	test	%ebp, %ebp
	jnz	pass
	neg	%edi
pass:
	call_kernel 62			# kill
	jmp	wait

reap:
	mov	$-1, %rdi
	mov	%rsp, %rsi
	mov	$WNOHANG, %edx
	xor	%r10d, %r10d
	call_kernel 61			# wait4
	test	%eax, %eax
	jle	wait			# None has ended.
	cmpb	$STOPPED, (%rsp)
	jne	ended
	# The command has asked to be traced by its parent, and so stops at each signal. It gets that, but for the one of execve(2).
	mov	$PTRACE_DETACH, %edi
	mov	%eax, %esi
	xor	%edx, %edx
	movzbl	1(%rsp), %r10d
	cmp	$SIGTRAP, %r10d
	cmove	%edx, %r10d
	call_kernel 101			# ptrace
	jmp	reap
ended:
	cmp	%r15d, %eax
	jne	reap
	mov	(%rsp), %edi		# wait(2): the status in the second byte, or the signal in seven bits of the first
	mov	%edi, %eax
	shr	$8, %edi
	and	$0x7f, %eax
	jz	exit
	lea	128(%rax), %edi
	jmp	exit

# After these errnos execvp(3) tries the next directory: a bit for each.
	.balign	8
missing:
	.quad	1 << 2 | 1 << 13 | 1 << 19 | 1 << 20		# ENOENT, EACCES, ENODEV, ENOTDIR
	.quad	1 << (110 - 64) | 1 << (116 - 64)		# ETIMEDOUT, ESTALE
end_of_file:
