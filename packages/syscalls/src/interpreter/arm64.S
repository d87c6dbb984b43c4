/*
 * The interpreter for arm64: all that runs in a new child until execve(2).
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
	.set	NUMBER, 0	// the system call's number; negative: the end of the list
	.set	ARGS, 8		// six arguments
	.set	RESULT, 56	// written here: what the call returned
	.set	REFS, 64	// bit i: args[i] is the address of a word to load instead, such as the result of an earlier step
				// bit 6: the call makes a child, which goes on with the list; who gets its pid ends
	.set	ALLOWED, 72	// 0, or the address of 4096 bits: those of the errnos that are no failure (bit n % 8 of byte n / 8)
	.set	STEP_SIZE, 80

	.set	EXIT_GROUP, 94

	.text
	.globl	interpreter
	.type	interpreter, %function
interpreter:
	mov	x19, x0			// The step. A caller's x19 needs no saving: there is no way back.

next:
	ldr	x8, [x19, #NUMBER]
	tbnz	x8, #63, end

	// The values go to registers, not back to the step: the parent may want to show it, or to run it again.
	ldp	x0, x1, [x19, #ARGS]
	ldp	x2, x3, [x19, #ARGS+16]
	ldp	x4, x5, [x19, #ARGS+32]

	.macro	argument index
	tbz	x9, #\index, .Lvalue\index
	ldr	x\index, [x\index]
.Lvalue\index:
	.endm

	ldr	x9, [x19, #REFS]
	argument 0
	argument 1
	argument 2
	argument 3
	argument 4
	argument 5
	svc	#0			// Overwrites x0 only.
	str	x0, [x19, #RESULT]

	cmn	x0, #4095		// As if compared with -4095.
	b.lo	passed			// Unsigned, so that all below the errnos, also a negative number, is a success.
	ldr	x9, [x19, #ALLOWED]
	cbz	x9, end
	neg	w0, w0
	lsr	w1, w0, #5		// The set in words of 32 bits, since a shift counts modulo 32:
	ldr	w9, [x9, x1, lsl #2]	// memory is little-endian, so bit n % 32 of a word is bit n % 8 of its byte.
	lsr	w9, w9, w0
	tbz	w9, #0, end

passed:
	ldr	x9, [x19, #REFS]
	tbz	x9, #6, advance
	cbnz	x0, end			// In the child, the call returned 0.

advance:
	add	x19, x19, #STEP_SIZE
	b	next

end:
	mov	x0, #127		// As a shell ends when it could not start a program.
	mov	x8, #EXIT_GROUP
	svc	#0
	udf	#0			// A seccomp filter can refuse exit_group too. Better killed than back in the caller.
	.size	interpreter, . - interpreter
