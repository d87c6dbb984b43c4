/*
 * What an image gives out as the loader of dynamic programs. The kernel runs it in place of the program that it is to load,
 * so it runs in the host's program if the host can be made to execute that. Says which one it is, and whether it can write
 * to it. Without libc, which a loader has not yet.
 */
#include <asm/unistd.h>

#define AT_FDCWD -100
#define O_WRONLY 1

static long call(long number, long a, long b, long c, long d) {
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	__asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return number;
#else
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#endif
}

static void print(const char *text, long length) {
	call(__NR_write, 1, (long)text, length, 0);
}

void _start(void) {
	static const char exe[] = "/proc/self/exe";
	char link[4096];
	print("in ", 3);
	print(link, call(__NR_readlinkat, AT_FDCWD, (long)exe, (long)link, sizeof link));
	long fd = call(__NR_openat, AT_FDCWD, (long)exe, O_WRONLY, 0);
	/* ETXTBSY: as long as somebody executes it. */
	if (fd >= 0) print(", writable\n", 11);
	else if (fd == -26) print(", busy\n", 7);
	else print(", read-only\n", 12);
	call(__NR_exit_group, 0, 0, 0, 0);
}
