/* Feeds every file named on the command line (or found in a named folder) to a fuzz target: any compiler, no fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return -1;
	}
	/* a copy of the exact size, so that a sanitizer sees the first byte read past the end */
	uint8_t *p = NULL;
	size_t n = 0, cap = 0, got;
	do {
		if (n == cap)
			p = realloc(p, cap = cap ? 2 * cap : 4096);
		got = p ? fread(p + n, 1, cap - n, f) : 0;
		n += got;
	} while (got);
	fclose(f);
	uint8_t *exact = malloc(n ? n : 1);
	if (exact && p) {
		memcpy(exact, p, n);
		LLVMFuzzerTestOneInput(exact, n);
	}
	free(exact);
	free(p);
	return exact && p ? 0 : -1;
}

int main(int argc, char **argv)
{
	int bad = 0;
	for (int i = 1; i < argc; i++) {
		struct stat st;
		DIR *d = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? opendir(argv[i]) : NULL;
		if (!d) {
			bad |= replay_file(argv[i]) < 0;
			continue;
		}
		for (struct dirent *e; (e = readdir(d));) {
			char path[4096];
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			bad |= replay_file(path) < 0;
		}
		closedir(d);
	}
	return bad;
}
