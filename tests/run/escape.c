/* Ways out of a container that take a program. Prints what it has reached, or why not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/keyctl.h>

static void ready_for_ever(void) {
	puts("ready");
	fflush(stdout);
	for (;;) pause();
}

static void *outlive_the_first(void *unused) {
	char stat[100] = "";
	while (strstr(stat, ") Z ") == NULL) {
		int fd = open("/proc/self/stat", O_RDONLY);
		if (read(fd, stat, sizeof stat - 1) < 0) return unused;
		close(fd);
	}
	ready_for_ever();
	return unused;
}

static int refused(const char *call) {
	printf("%s: %s\n", call, strerror(errno));
	return 1;
}

int main(int argc, char **argv) {
	if (argc == 3 && strcmp(argv[1], "chroot") == 0) {
		/* chroot(2): the working directory stays, and so is outside of the new root. */
		char text[100];
		mkdir("/tmp/inner", 0755);
		if (chroot("/tmp/inner") != 0) return refused("chroot");
		for (int i = 0; i < 100; i++) if (chdir("..") != 0) return refused("chdir");
		if (chroot(".") != 0) return refused("chroot");
		int fd = open(argv[2], O_RDONLY);
		if (fd < 0) return refused("open");
		ssize_t n = read(fd, text, sizeof text);
		return write(1, text, n) == n ? 0 : 1;
	}
	if (argc == 3 && strcmp(argv[1], "ptrace") == 0) {
		if (ptrace(PTRACE_ATTACH, atoi(argv[2]), 0, 0) != 0) return refused("ptrace");
		puts("attached");
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "descriptors") == 0) {
		int count = 0;
		for (int fd = 3; fd < 4096; fd++) if (fcntl(fd, F_GETFD) != -1) count++;
		printf("%d more\n", count);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "type") == 0) {
		/* ioctl_tty(2), TIOCSTI: as if it were typed at the terminal that is a standard descriptor, or the own one. */
		int fds[] = {0, 1, 2, open("/dev/tty", O_RDWR)};
		for (int i = 0; i < 4; i++) {
			for (char *c = argv[2]; *c != 0; c++) ioctl(fds[i], TIOCSTI, c);
			ioctl(fds[i], TIOCSTI, "\n");
		}
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "keys") == 0) {
		/* keyctl(2): the key of the session that this process has from those that have started it. */
		char text[100];
		long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "of the host", 0);
		if (key < 0) return refused("keyctl");
		long n = syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text);
		return n > 0 && write(1, text, n) == n ? 0 : refused("keyctl");
	}
	if (argc > 2 && strcmp(argv[1], "with-keys") == 0) {
		/* Executes a command in a session with such a key. */
		if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0) return refused("keyctl");
		if (syscall(SYS_add_key, "user", "of the host", "secret\n", 7, KEY_SPEC_SESSION_KEYRING) < 0) return refused("add_key");
		execvp(argv[2], argv + 2);
		return refused("execvp");
	}
	if (argc > 2 && strcmp(argv[1], "with-all-keys") == 0) {
		/* Executes a command in a session whose user can have no more. */
		char name[20] = "";
		if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0) return refused("keyctl");
		for (int i = 0; i < 1000000; i++) {
			snprintf(name, sizeof name, "key %d", i);
			if (syscall(SYS_add_key, "user", name, "x", 1, KEY_SPEC_SESSION_KEYRING) < 0) break;
		}
		if (errno != EDQUOT) return refused("add_key");
		execvp(argv[2], argv + 2);
		return refused("execvp");
	}
	if (argc == 3 && strcmp(argv[1], "unshare-at") == 0) {
		/* Makes itself a user namespace, and so has all capabilities in that, once somebody opens a file. */
		char event[4096];
		int watch = inotify_init();
		if (inotify_add_watch(watch, argv[2], IN_OPEN) < 0) return refused("inotify_add_watch");
		puts("ready");
		fflush(stdout);
		if (read(watch, event, sizeof event) < 0) return refused("read");
		if (unshare(CLONE_NEWUSER) != 0) return refused("unshare");
		pause();
	}
	if (argc == 2 && strcmp(argv[1], "leave-a-thread") == 0) {
		/* pthread_exit(3): a process is a zombie whose first thread has ended, and goes on. */
		pthread_t thread;
		if (pthread_create(&thread, NULL, outlive_the_first, NULL) != 0) return refused("pthread_create");
		pthread_exit(NULL);
	}
	if (argc == 3 && strcmp(argv[1], "environment") == 0) {
		/* proc_pid_environ(5), prctl(2): says that its environment is a memory of so many MiB, of which none is ever used. */
		size_t size = strtoul(argv[2], NULL, 10) << 20;
		char *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (memory == MAP_FAILED) return refused("mmap");
		unsigned long field[53] = {0};
		char text[4096] = {0};
		int stat = open("/proc/self/stat", O_RDONLY);
		if (read(stat, text, sizeof text - 1) < 0) return refused("read");
		char *at = strrchr(text, ')') + 4;
		for (int i = 4; i < 53; i++) field[i] = strtoul(at, &at, 10);
		struct prctl_mm_map map = {
			.start_code = field[26], .end_code = field[27], .start_stack = field[28],
			.start_data = field[45], .end_data = field[46], .start_brk = field[47], .brk = (unsigned long)sbrk(0),
			.arg_start = field[48], .arg_end = field[49],
			.env_start = (unsigned long)memory, .env_end = (unsigned long)memory + size, .exe_fd = -1,
		};
		if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) != 0) return refused("prctl");
		ready_for_ever();
	}
	if (argc == 2 && strcmp(argv[1], "stop-all") == 0) {
		/* kill(2): all processes of the pid namespace but itself, again and again. */
		puts("ready");
		fflush(stdout);
		for (;;) kill(-1, SIGSTOP);
	}
	return 2;
}
