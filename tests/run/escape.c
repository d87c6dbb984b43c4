/* Ways out of a container that take a program. Prints what it has reached, or why not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

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
	return 2;
}
