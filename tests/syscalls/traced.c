/*
 * traced SIGNAL…: sends itself each, as one that its parent traces, and tells of those that reach it.
 * traced exec: executes itself.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

static void tell(int signal) { printf("got %d\n", signal); }

int main(int argc, char **argv) {
	setlinebuf(stdout);
	if (argc == 2 && strcmp(argv[1], "exec") == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		return execl(argv[0], argv[0], NULL);
	}
	for (int i = 1; i < argc; i++) {
		signal(atoi(argv[i]), tell);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) return 1;
		raise(atoi(argv[i]));
	}
	puts("goes on");
	return 7;
}
