/*
 * What no reader of these inputs can do without, and nothing else: the floors
 * that `make bench` measures envcheck against. They trust their input: it is
 * what make_image.py wrote. `floors run` starts a command and says what it
 * cost: a process of this size adds nothing to the peak memory of its child.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 512, CONTAINER = 16, ENTRY = 64 };

static uint64_t entries, codes;
static char scratch[1 << 18];

/* ---- GPU code: 16 bytes a container, 64 an entry ---- */

static uint64_t number(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;
	memcpy(&v, p, n);
	return v;
}

static void walk_code(int fd, uint64_t at, uint64_t end)
{
	unsigned char h[ENTRY];
	while (at + CONTAINER <= end && pread(fd, h, CONTAINER, (off_t)at) == CONTAINER) {
		if (number(h, 4) != 0xba55ed50) {
			at += 8;
			continue;
		}
		uint64_t stop = at + CONTAINER + number(h + 8, 8);
		for (at += CONTAINER; at < stop && pread(fd, h, ENTRY, (off_t)at) == ENTRY; codes++)
			at += number(h + 4, 4) + number(h + 8, 8);
		at = (stop + 7) & ~7ull;
	}
}

/* The sections of a library that lies `base` bytes into the file. */
static void walk_library(int fd, uint64_t base)
{
	Elf64_Ehdr e;
	if (pread(fd, &e, sizeof(e), (off_t)base) != sizeof(e) || memcmp(e.e_ident, ELFMAG, SELFMAG) || !e.e_shnum)
		return;
	size_t n = (size_t)e.e_shnum * sizeof(Elf64_Shdr);
	Elf64_Shdr *s = malloc(n);
	if (s && pread(fd, s, n, (off_t)(base + e.e_shoff)) == (ssize_t)n && e.e_shstrndx < e.e_shnum) {
		uint64_t names = base + s[e.e_shstrndx].sh_offset;
		for (unsigned i = 1; i < e.e_shnum; i++) {
			char name[16] = "";
			if (pread(fd, name, sizeof(name) - 1, (off_t)(names + s[i].sh_name)) > 0 && !strcmp(name, ".nv_fatbin"))
				walk_code(fd, base + s[i].sh_offset, base + s[i].sh_offset + s[i].sh_size);
		}
	}
	free(s);
}

/* ---- a tar of tars: 512 bytes an entry ---- */

static uint64_t size_of(const char *header)
{
	return strtoull(header + 124, NULL, 8);
}

static int is_library(const char *name)
{
	const char *so = strstr(name, ".so");
	return so && (!so[3] || so[3] == '.');
}

static void hop(int fd, uint64_t at, uint64_t end, int inner, int fat)
{
	char h[BLOCK + 1] = "";
	while (at + BLOCK <= end && pread(fd, h, BLOCK, (off_t)at) == BLOCK && h[0]) {
		uint64_t n = size_of(h), body = at + BLOCK;
		char name[101] = "";
		memcpy(name, h, 100);
		entries += (uint64_t)inner;
		if (!inner && strlen(name) > 4 && !strcmp(name + strlen(name) - 4, ".tar"))
			hop(fd, body, body + n, 1, fat);
		else if (inner && fat && h[156] == '0' && is_library(name))
			walk_library(fd, body);
		at = body + (n + BLOCK - 1) / BLOCK * BLOCK;
	}
}

/* ---- a folder: names and types alone ---- */

struct dirent64_head { uint64_t ino, off; unsigned short n; unsigned char type; char name[]; };

static void walk_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char *buf = malloc(1 << 15);
	long n;
	while (fd >= 0 && buf && (n = syscall(SYS_getdents64, fd, buf, 1 << 15)) > 0)
		for (long k = 0; k < n;) {
			struct dirent64_head *d = (struct dirent64_head *)(buf + k);
			k += d->n;
			if (!strcmp(d->name, ".") || !strcmp(d->name, ".."))
				continue;
			entries++;
			if (d->type == DT_DIR)
				walk_folder(fd, d->name);
		}
	free(buf);
	if (fd >= 0)
		close(fd);
}

/* ---- what a command costs: status, wall and CPU seconds, peak KB, bytes read and written, on standard output ---- */

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int run(char **argv)
{
	struct timespec t0, t1;
	struct rusage use;
	int status = 0, null = open("/dev/null", O_RDWR);
	char path[64], line[256];
	unsigned long long rchar = 0, written = 0;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	pid_t pid = fork();
	if (pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			dup2(null, fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	siginfo_t info;
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	snprintf(path, sizeof(path), "/proc/%d/io", (int)pid); /* a dead process still tells */
	FILE *io = fopen(path, "r");
	while (io && fgets(line, sizeof(line), io)) {
		sscanf(line, "rchar: %llu", &rchar);
		sscanf(line, "write_bytes: %llu", &written);
	}
	if (io)
		fclose(io);
	if (wait4(pid, &status, 0, &use) != pid)
		return 2;
	double wall = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("%d %.6f %.6f %ld %llu %llu\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128, wall, seconds(use.ru_utime) + seconds(use.ru_stime),
	       use.ru_maxrss, rchar, written);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "nothing";
	if (!strcmp(what, "run") && argc > 2)
		return run(argv + 2);
	int fd = argc > 2 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;
	if (!strcmp(what, "nothing"))
		return 0;
	if (fd < 0) {
		fprintf(stderr, "usage: floors nothing | run COMMAND | hop TAR | hop-fat TAR | folder DIR | fat LIBRARY | read FILE\n");
		return 2;
	}
	if (!strcmp(what, "hop") || !strcmp(what, "hop-fat"))
		hop(fd, 0, UINT64_MAX, 0, !strcmp(what, "hop-fat"));
	else if (!strcmp(what, "folder"))
		walk_folder(AT_FDCWD, argv[2]);
	else if (!strcmp(what, "fat"))
		walk_library(fd, 0);
	else if (!strcmp(what, "read"))
		while (read(fd, scratch, sizeof(scratch)) > 0)
			continue;
	printf("%llu entries, %llu codes\n", (unsigned long long)entries, (unsigned long long)codes);
	return 0;
}
