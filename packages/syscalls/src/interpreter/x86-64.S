/*
 * The interpreter for x86-64: all that runs in a new child until execve(2).
 *
 *     _Noreturn int interpreter(struct step *first);    called by clone(2) as its fn
 *
 * It makes one system call after the other as a list of steps says, and ends the process with status 127 at the first
 * failure that is not allowed, or at the end of the list. The parent reads from the results how far it came, and why not
 * further. A call has failed if it returned -4095 to -1: the negative errno.
 *
 * The child may be a copy of one thread of many, or share the parent's memory (CLONE_VM). A lock may be held in it for
 * ever, so nothing here calls libc, allocates, or writes anywhere but to a step's result; not even to the stack.
 *
 * A step is ten 64-bit words; steps follow each other without a gap:
 */
	.set	NUMBER, 0	# the system call's number; negative: the end of the list
	.set	ARGS, 8		# six arguments
	.set	RESULT, 56	# written here: what the call returned
	.set	REFS, 64	# bit i: args[i] is the address of a word to load instead, such as the result of an earlier step
	.set	FORKS, 64	# bit 6 of refs: the call makes a child, which goes on with the list; who gets its pid ends
	.set	ALLOWED, 72	# 0, or the address of 4096 bits: those of the errnos that are no failure (bit n % 8 of byte n / 8)
	.set	STEP_SIZE, 80

	.set	EXIT_GROUP, 231

	.text
	.globl	interpreter
	.type	interpreter, @function
interpreter:
	mov	%rdi, %rbx		# The step. A caller's rbx needs no saving: there is no way back.

next:
	mov	NUMBER(%rbx), %rax
	test	%rax, %rax
	js	end

	# The values go to registers, not back to the step: the parent may want to show it, or to run it again.
	.macro	argument index, register
	mov	ARGS+8*\index(%rbx), \register
	shr	%ecx			# The next bit of refs, to the carry flag.
	jnc	.Lvalue\index
	mov	(\register), \register
.Lvalue\index:
	.endm

	mov	REFS(%rbx), %ecx
	argument 0, %rdi
	argument 1, %rsi
	argument 2, %rdx
	argument 3, %r10		# Not rcx, as in C: the syscall instruction overwrites rcx and r11.
	argument 4, %r8
	argument 5, %r9
	syscall
	mov	%rax, RESULT(%rbx)

	cmp	$-4095, %rax
	jb	passed			# Unsigned, so that all below the errnos, also a negative number, is a success.
	mov	ALLOWED(%rbx), %rcx
	jrcxz	end
	neg	%eax
	bt	%eax, (%rcx)		# With its bit number in a register, bt reaches as far from the address as it says.
	jnc	end

passed:
	testb	$FORKS, REFS(%rbx)
	jz	advance
	test	%rax, %rax
	jnz	end			# In the child, the call returned 0.

advance:
	add	$STEP_SIZE, %rbx
	jmp	next

end:
	mov	$127, %edi		# As a shell ends when it could not start a program.
	mov	$EXIT_GROUP, %eax
	syscall
	ud2				# A seccomp filter can refuse exit_group too. Better killed than back in the caller.
	.size	interpreter, . - interpreter
