/*
 * Fails allocation 1, 2, 3, ... of whole commands until one run needs no
 * more: each must end with an exit status and a complaint, never a crash;
 * under the sanitizers nothing may leak. Run from the top folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"

enum { ALL_UP_TO = 400, RUNS_MAX = 4000 };

static char image[] = "/tmp/envcheck-chaos-XXXXXX";

static char *const lines[][10] = {
	{ "envcheck", "inspect", "--jobs", "1", "-f", "json", "--files", image, NULL },
	{ "envcheck", "--jobs", "1", "--host", "examples/hosts", "--all", image, NULL },
	{ "envcheck", "torch==2.5.1+cu124", "--driver", "535", "--gpu", "H100", "-f", "json", NULL },
	{ "envcheck", "host", "examples/hosts/prod-h100.json", NULL },
	{ "envcheck", "host", "tests/data/host/collect-env.txt", "tests/data/host/query.xml", "tests/data/host/nodes.json", "tests/data/host/table-535.txt", NULL },
	{ "envcheck", "host", NULL },
	{ "envcheck", "matrix", "ptx", NULL },
	{ "envcheck", "check", "--help", NULL },
};

static int run(char *const *line, long fail_at)
{
	int argc = 0;
	char *argv[10];
	while (line[argc]) {
		argv[argc] = line[argc];
		argc++;
	}
	argv[argc] = NULL;
	mem_fail_at = fail_at ? mem_count() + fail_at : 0;
	int status = cmd_main(argc, argv);
	mem_fail_at = 0;
	return status;
}

/* All of the first allocations one by one, then ever larger steps: late ones repeat early ones. */
static int chaos(char *const *line, FILE *tell)
{
	long before = mem_count();
	int plain = run(line, 0), runs = 0, same = 0;
	long all = mem_count() - before;
	for (long n = 1; n <= all && runs < RUNS_MAX; n += n < ALL_UP_TO ? 1 : 1 + n / 50, runs++) {
		int status = run(line, n);
		if (status < EXIT_FINE || status > EXIT_UNSURE || status == EXIT_USAGE) {
			fprintf(tell, "%s %s: allocation %ld of %ld: status %d\n", line[0], line[1], n, all, status);
			return -1;
		}
		same += status == plain;
	}
	fprintf(tell, "%s %s: %ld allocations, %d failed in turn, %d runs ended as without\n", line[0], line[1], all, runs, same);
	return 0;
}

int main(void)
{
	char make[256];
	int fd = mkstemp(image), bad = 0;
	if (fd < 0)
		return 1;
	close(fd);
	snprintf(make, sizeof(make), "sh examples/make-image.sh %s", image);
	if (system(make) != 0)
		return 1;
	FILE *tell = fdopen(dup(STDERR_FILENO), "w");
	if (!tell || !freopen("/dev/null", "w", stdout) || (!getenv("CHAOS_LOUD") && !freopen("/dev/null", "w", stderr)))
		return 1;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		bad |= chaos(lines[i], tell) < 0;
	unlink(image);
	fclose(tell);
	return bad;
}
