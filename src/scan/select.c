#include "scan/select.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

/*
 * One row a kind of text: the last name (or its end), and what must stand
 * before it. A pattern that begins with '*' matches the end of the name.
 */
struct row {
	const char *name;
	const char *dir; /* the folder's path must end so; NULL: any. Begins with '/': a whole path from the root */
	enum select_how how;
	uint32_t limit;
};

enum { SCRIPT_MAX = 64 * 1024 };

static const struct row rows[] = {
	/* Python distributions: packaging.python.org, "Recording installed projects" */
	{ "METADATA", "*.dist-info", SELECT_TEXT, LIMIT_TEXT },
	{ "WHEEL", "*.dist-info", SELECT_TEXT, LIMIT_TEXT },
	{ "RECORD", "*.dist-info", SELECT_TEXT, LIMIT_RECORD_TEXT },
	{ "INSTALLER", "*.dist-info", SELECT_TEXT, LIMIT_TEXT },
	{ "direct_url.json", "*.dist-info", SELECT_TEXT, LIMIT_TEXT },
	{ "top_level.txt", "*.dist-info", SELECT_TEXT, LIMIT_TEXT },
	{ "variant.json", "*.dist-info", SELECT_TEXT, LIMIT_TEXT },
	{ "PKG-INFO", "*.egg-info", SELECT_TEXT, LIMIT_TEXT },
	{ "PKG-INFO", "*/EGG-INFO", SELECT_TEXT, LIMIT_TEXT },
	{ "top_level.txt", "*.egg-info", SELECT_TEXT, LIMIT_TEXT },
	{ "requires.txt", "*.egg-info", SELECT_TEXT, LIMIT_TEXT },
	{ "*.egg-info", "*-packages", SELECT_TEXT, LIMIT_TEXT },
	{ "*.egg-link", "*-packages", SELECT_TEXT, LIMIT_TEXT },
	{ "*.pth", "*-packages", SELECT_TEXT, LIMIT_TEXT },
	{ "__editable__*", "*-packages", SELECT_TEXT, LIMIT_TEXT },
	{ "pyvenv.cfg", NULL, SELECT_TEXT, LIMIT_TEXT },
	{ "*.json", "*/conda-meta", SELECT_TEXT, LIMIT_TEXT },
	/* what packages say of their own build */
	{ "version.py", NULL, SELECT_TEXT, 64 * 1024 },
	{ "_version.py", NULL, SELECT_TEXT, 64 * 1024 },
	{ "build_info.py", "*/python/platform", SELECT_TEXT, 64 * 1024 },
	{ "build_and_package_info.py", "*/capi", SELECT_TEXT, 64 * 1024 },
	{ "cpp_lib.json", "*xformers", SELECT_TEXT, 64 * 1024 },
	{ "TorchConfig.cmake", NULL, SELECT_TEXT, 64 * 1024 },
	{ "build-version", "*libtorch", SELECT_TEXT, 4096 },
	/* the system: os-release(5), ld.so(8), dpkg(1), apk's database */
	{ "os-release", "/etc", SELECT_TEXT, LIMIT_TEXT },
	{ "os-release", "/usr/lib", SELECT_TEXT, LIMIT_TEXT },
	{ "status", "/var/lib/dpkg", SELECT_TEXT, LIMIT_RECORD_TEXT },
	{ "*", "/var/lib/dpkg/status.d", SELECT_TEXT, LIMIT_TEXT },
	{ "installed", "/lib/apk/db", SELECT_TEXT, LIMIT_RECORD_TEXT },
	{ "installed", "/usr/lib/apk/db", SELECT_TEXT, LIMIT_RECORD_TEXT },
	{ "ld.so.conf", "/etc", SELECT_TEXT, LIMIT_TEXT },
	{ "*.conf", "/etc/ld.so.conf.d", SELECT_TEXT, LIMIT_TEXT },
	{ "ld.so.cache", "/etc", SELECT_TEXT, LIMIT_RECORD_TEXT },
	{ "ld.so.preload", "/etc", SELECT_TEXT, LIMIT_TEXT },
	{ "ld-musl-*", "/etc", SELECT_TEXT, LIMIT_TEXT },
	/* CUDA toolkits */
	{ "version.json", "*cuda*", SELECT_TEXT, LIMIT_TEXT },
	{ "version.txt", "*cuda*", SELECT_TEXT, LIMIT_TEXT },
};

static bool name_matches(const char *pattern, struct span name)
{
	size_t n = strlen(pattern);
	if (n && pattern[n - 1] == '*')
		return name.n >= n - 1 && !memcmp(name.p, pattern, n - 1);
	return pattern[0] == '*' ? span_ends(name, pattern + 1) : span_eq(name, pattern);
}

static bool dir_matches(const char *pattern, struct span dir)
{
	size_t n = strlen(pattern);
	if (pattern[0] == '/')
		return span_eq(dir, pattern + 1);
	if (n > 2 && pattern[n - 1] == '*') { /* "*cuda*": in the last name of the folder */
		char word[16];
		size_t slash = dir.n;
		while (slash && dir.p[slash - 1] != '/')
			slash--;
		struct span last = span_from(dir, slash);
		if (n - 2 >= sizeof(word))
			return false;
		memcpy(word, pattern + 1, n - 2);
		word[n - 2] = '\0';
		return span_find(last, word) < last.n;
	}
	if (span_ends(dir, pattern + 1))
		return true;
	return pattern[1] == '/' && span_eq(dir, pattern + 2); /* "*" before the '/' may be nothing at all */
}

/* Does the name read as a shared object: "libx.so", "x.so.1.2", "_C.cpython-311-x86_64-linux-gnu.so"? */
static bool shared_object(struct span name)
{
	size_t at = span_find(name, ".so");
	while (at < name.n) {
		struct span rest = span_from(name, at + 3);
		if (!rest.n || rest.p[0] == '.')
			return true;
		size_t next = span_find(rest, ".so");
		at = next < rest.n ? at + 3 + next : name.n;
	}
	return false;
}

/* Folders whose programs may be entrypoints or tell of interpreters and compilers. */
static bool program_folder(struct span dir)
{
	return span_ends(dir, "bin") || !dir.n || span_eq(dir, "app") || span_eq(dir, "workspace") || span_starts(dir, "opt/");
}

struct select select_entry(struct span path, uint32_t mode, uint64_t size)
{
	size_t slash = path.n;
	while (slash && path.p[slash - 1] != '/')
		slash--;
	struct span name = span_from(path, slash), dir = span_sub(path, 0, slash ? slash - 1 : 0);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (name_matches(rows[i].name, name) && (!rows[i].dir || dir_matches(rows[i].dir, dir)))
			return (struct select){ rows[i].how, rows[i].limit };
	if (shared_object(name) || span_ends(name, ".fatbin") || span_ends(name, ".cubin"))
		return (struct select){ SELECT_ELF, 0 };
	bool runs = !mode || mode & 0111;
	if (!runs || !size)
		return (struct select){ SELECT_NOT, 0 };
	if (span_ends(name, ".sh") || (program_folder(dir) && size <= SCRIPT_MAX))
		return (struct select){ SELECT_SCRIPT, SCRIPT_MAX };
	if (span_ends(dir, "bin"))
		return (struct select){ SELECT_ELF, 0 };
	return (struct select){ SELECT_NOT, 0 };
}

bool select_brief(struct span path, struct select s)
{
	struct span rest = path;
	size_t deep = 0;
	for (; rest.n; deep++)
		(void)span_cut(&rest, '/');
	if (s.how != SELECT_TEXT || span_ends(path, "/RECORD") || span_ends(path, ".cmake"))
		return false;
	return !span_ends(path, "version.py") || deep <= 2;
}
