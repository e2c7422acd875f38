/*
 * Files that stand inside pages, as C: a string each, and the hash by which a
 * Content-Security-Policy names it (CSP level 3, 2.3.1: "sha256-" and base64).
 * usage: sheet NAME FILE [NAME FILE]...
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX_BYTES = 1 << 20 };

static int put_file(const char *name, const char *path)
{
	static unsigned char text[FILE_MAX_BYTES];
	unsigned char hash[32], base64[64];
	unsigned n;
	FILE *f = fopen(path, "rb");
	size_t size = f ? fread(text, 1, sizeof(text), f) : 0;
	if (!f || ferror(f) || size == sizeof(text) || !EVP_Digest(text, size, hash, &n, EVP_sha256(), NULL)) {
		fprintf(stderr, "sheet: %s: cannot be read\n", path);
		return -1;
	}
	fclose(f);
	EVP_EncodeBlock(base64, hash, sizeof(hash));
	printf("const char %s_hash[] = \"sha256-%s\";\nconst char %s[] =\n\t\"", name, base64, name);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			printf("\\n\"\n\t\"");
		else if (text[i] == '"' || text[i] == '\\')
			printf("\\%c", text[i]);
		else if (text[i] < 0x20 || text[i] > 0x7e)
			printf("\\%03o", text[i]);
		else
			putchar(text[i]);
	}
	printf("\";\n");
	return 0;
}

int main(int argc, char **argv)
{
	printf("#include \"report/html.h\"\n\n");
	for (int i = 1; i + 1 < argc; i += 2)
		if (put_file(argv[i], argv[i + 1]) < 0)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
