#include "cmd/options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "parse/pytags.h"

enum kind { FLAG, TEXT, MANY, MAYBE /* --tree or --tree=PACKAGE */ };

struct option {
	char letter; /* 0: none */
	const char *name, *value, *line;
	unsigned of; /* enum command_bit */
	enum kind kind;
	size_t at;     /* of its member in struct options */
	size_t more;   /* MAYBE: of its text */
	const char *const *words; /* the values that it takes; NULL: any */
};

static const char *const expect_words[] = { "gpu", "cpu", NULL };
static const char *const level_words[] = { "error", "warning", "note", NULL };
static const char *const runtime_words[] = { "legacy", "cdi", "csv", "enroot", "singularity", "none", NULL };

#define SCANS (CMD_CHECK | CMD_INSPECT | CMD_DIFF)
#define JUDGES (CMD_CHECK | CMD_DIFF | CMD_RECOMMEND)
#define VERDICTS (CMD_CHECK | CMD_DIFF)
#define AT(member) offsetof(struct options, member)

static const struct option table[] = {
	{ 0, "image", "NAME", "of several images in TARGET, this one", SCANS, TEXT, AT(image), 0, NULL },
	{ 0, "platform", "OS/ARCH", "of an index, this platform", SCANS, TEXT, AT(platform), 0, NULL },
	{ 'r', "requirements", "FILE", "a requirements file as a target", SCANS, TEXT, AT(requirements), 0, NULL },
	{ 0, "python", "PATH", "the interpreter (or prefix) that runs", SCANS, TEXT, AT(python), 0, NULL },
	{ 0, "command", "LINE", "stands for ENTRYPOINT and CMD", SCANS, TEXT, AT(command_line), 0, NULL },
	{ 0, "set-env", "K=V", "set (K=) or unset (K) a variable of the image", SCANS, MANY, AT(set_env), 0, NULL },
	{ 0, "verify", NULL, "hash layers and installed files", SCANS, FLAG, AT(verify), 0, NULL },
	{ 0, "quick", NULL, "look neither at GPU code nor at symbols; of a wheel, read metadata alone", SCANS, FLAG, AT(quick), 0, NULL },
	{ 0, "jobs", "N", "workers; as many as cores if not given", SCANS, TEXT, AT(jobs), 0, NULL },
	{ 0, "no-cache", NULL, "neither read nor write the cache of layers", SCANS, FLAG, AT(no_cache), 0, NULL },
	{ 0, "cache-limit", "SIZE", "bytes that the cache may hold: 500M, 2G; 1G if not given", SCANS | CMD_CACHE, TEXT, AT(cache_limit), 0, NULL },
	{ 0, "prune", NULL, "take out what is of no use, and the oldest over the limit", CMD_CACHE, FLAG, AT(prune), 0, NULL },
	{ 0, "index", "URL", "package index that requirements are picked from, as pip picks", SCANS | CMD_RECOMMEND, MANY, AT(indexes), 0, NULL },
	{ 0, "fetch", NULL, "read the wheels at the URLs in a lock file", SCANS, FLAG, AT(fetch), 0, NULL },
	{ 0, "python-version", "V", "of the wheels to pick: 3.11", SCANS | CMD_RECOMMEND, TEXT, AT(python_version), 0, NULL },
	{ 0, "libc", "V", "of the wheels to pick: 2.28, musl-1.2; the newest glibc if not given", SCANS | CMD_RECOMMEND, TEXT, AT(libc), 0, NULL },
	{ 0, "offline", NULL, "no remote target, no network at all", SCANS | CMD_RECOMMEND, FLAG, AT(offline), 0, NULL },
	{ 0, "cacert", "FILE", "certificates to trust for remote targets", SCANS | CMD_RECOMMEND, TEXT, AT(cacert), 0, NULL },
	{ 0, "plain-http", NULL, "registries and indexes without TLS, also on other machines", SCANS | CMD_RECOMMEND, FLAG, AT(plain_http), 0, NULL },
	{ 0, "timeout", "SECONDS", "to connect, and without progress; 30 if not given", SCANS | CMD_RECOMMEND, TEXT, AT(timeout), 0, NULL },
	{ 0, "retries", "N", "of what fails for the moment; 5 if not given", SCANS | CMD_RECOMMEND, TEXT, AT(retries), 0, NULL },
	{ 0, "host", "FILE", "profile of a host, nvidia-smi output, or a folder of these", JUDGES, MANY, AT(hosts), 0, NULL },
	{ 0, "driver", "VERSION", "driver of the host: 535.129.03, or a branch: 535", JUDGES, TEXT, AT(driver), 0, NULL },
	{ 0, "gpu", "NAME", "GPU of the host: H100, 'Tesla K80', sm_90", JUDGES, MANY, AT(gpus), 0, NULL },
	{ 0, "arch", "ARCH", "processor of the host: amd64, arm64", JUDGES, TEXT, AT(arch), 0, NULL },
	{ 0, "runtime", "legacy|cdi|csv|enroot|singularity|none", "what brings the driver into containers", JUDGES, TEXT, AT(runtime), 0, runtime_words },
	{ 0, "expect", "gpu|cpu", "what the target is meant for", VERDICTS, TEXT, AT(expect), 0, expect_words },
	{ 0, "fail-on", "error|warning|note", "exit 1 from this level on", VERDICTS, TEXT, AT(fail_on), 0, level_words },
	{ 0, "allow-unknown", NULL, "exit 0 where the verdict is unknown", CMD_CHECK, FLAG, AT(allow_unknown), 0, NULL },
	{ 0, "exit-zero", NULL, "exit 0 whatever is found", VERDICTS, FLAG, AT(exit_zero), 0, NULL },
	{ 0, "baseline", "FILE", "a JSON report: only what it does not hold counts", CMD_CHECK, TEXT, AT(baseline), 0, NULL },
	{ 0, "config", "FILE", "instead of the nearest .envcheck.json; none: no file", VERDICTS, TEXT, AT(config), 0, NULL },
	{ 0, "env", "NAME", "a named environment of the configuration", VERDICTS, TEXT, AT(env), 0, NULL },
	{ 'f', "format", "FORMAT", "of standard output", CMD_ALL & ~CMD_EXPLAIN, TEXT, AT(format), 0, NULL },
	{ 'o', "output", "[F=]FILE", "write FILE (in format F) instead", CMD_ALL & ~CMD_EXPLAIN, MANY, AT(outputs), 0, NULL },
	{ 0, "all", NULL, "also notes, folded findings and what passed", VERDICTS, FLAG, AT(all), 0, NULL },
	{ 0, "dockerfile", "FILE", "its lines in the report, where layers can be told to be theirs", VERDICTS, TEXT, AT(dockerfile), 0, NULL },
	{ 0, "files", NULL, "with the merged file list (JSON)", CMD_INSPECT, FLAG, AT(files), 0, NULL },
	{ 0, "tree", "PACKAGE", "with the loader's choices", CMD_INSPECT, MAYBE, AT(tree), AT(tree_package), NULL },
	{ 0, "matrices", "DIR", "tables that replace the built-in ones", CMD_ALL, TEXT, AT(matrices), 0, NULL },
	{ 'h', "help", NULL, "this text", CMD_ALL | CMD_COMPLETIONS, FLAG, AT(help), 0, NULL },
	{ 0, "version", NULL, "version, and the date of the tables", CMD_ALL | CMD_COMPLETIONS, FLAG, AT(version), 0, NULL },
};
enum { COMMANDS_MAX = 16 };
enum { OPTIONS_N = sizeof(table) / sizeof(*table) };

const char *nearest_word(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t n = strlen(word);
	/* doubled, so that of two equally near words the one with the same first letter wins */
	unsigned limit = 2 * (n < 4 ? 1 : n < 8 ? 2 : 3) + 1;
	for (; *words; words++) {
		unsigned d = 2 * str_distance(word, *words) + (*word != **words);
		if (d > limit || (best && d == limit))
			continue;
		limit = d;
		best = *words;
	}
	return best;
}

static const char *nearest_option(const char *name)
{
	const char *names[OPTIONS_N + 1];
	for (size_t i = 0; i < OPTIONS_N; i++)
		names[i] = table[i].name;
	names[OPTIONS_N] = NULL;
	return nearest_word(name, names);
}

static int unknown_option(const char *arg, struct err *err)
{
	char name[64];
	const char *bare = arg + strspn(arg, "-");
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(bare, "="), bare);
	const char *near = nearest_option(name);
	if (near)
		return err_set(err, ERR_USAGE, "unknown option '%s': did you mean '--%s'?", arg, near);
	return err_set(err, ERR_USAGE, "unknown option '%s': 'envcheck --help' lists them", arg);
}

static const struct option *find_long(const char *name, size_t n)
{
	for (size_t i = 0; i < OPTIONS_N; i++)
		if (strlen(table[i].name) == n && !memcmp(table[i].name, name, n))
			return &table[i];
	return NULL;
}

static const struct option *find_letter(char c)
{
	for (size_t i = 0; i < OPTIONS_N; i++)
		if (c && table[i].letter == c)
			return &table[i];
	return NULL;
}

static int check_word(const struct option *opt, const char *value, struct err *err)
{
	for (const char *const *w = opt->words; w && *w; w++)
		if (str_eq(*w, value))
			return 0;
	if (!opt->words)
		return 0;
	const char *near = nearest_word(value, opt->words);
	if (near)
		return err_set(err, ERR_USAGE, "--%s '%s': did you mean '%s'?", opt->name, value, near);
	return err_set(err, ERR_USAGE, "--%s '%s': is none of %s", opt->name, value, opt->value);
}

static int store(struct options *o, const struct option *opt, const char *value, struct err *err)
{
	char *base = (char *)o;
	switch (opt->kind) {
	case FLAG:
		if (value)
			return err_set(err, ERR_USAGE, "--%s takes no value, '%s' was given", opt->name, value);
		*(bool *)(base + opt->at) = true;
		return 0;
	case MAYBE:
		*(bool *)(base + opt->at) = true;
		if (value)
			*(const char **)(base + opt->more) = value;
		return 0;
	case TEXT:
		if (check_word(opt, value, err) < 0)
			return -1;
		if (*(const char **)(base + opt->at))
			return err_set(err, ERR_USAGE, "--%s is given twice: '%s' and '%s'", opt->name,
				       *(const char **)(base + opt->at), value);
		*(const char **)(base + opt->at) = value;
		return 0;
	case MANY:
		return list_add(&o->arena, (texts *)(base + opt->at), value) ? 0 : err_nomem(err);
	}
	return 0;
}

/* One argument that begins with '-'; `seen` collects the options, whose owner is known only at the end. */
static int take_option(struct options *o, char **argv, int *i, const struct option *seen[], size_t *seen_n, struct err *err)
{
	const char *arg = argv[*i], *value = NULL;
	const struct option *opt;
	if (arg[1] == '-') {
		size_t n = strcspn(arg + 2, "=");
		opt = find_long(arg + 2, n);
		value = arg[2 + n] == '=' ? arg + 3 + n : NULL;
	} else {
		opt = find_letter(arg[1]);
		value = arg[1] && arg[2] ? arg + 2 : NULL;
	}
	if (!opt)
		return unknown_option(arg, err);
	if (!value && (opt->kind == TEXT || opt->kind == MANY)) {
		if (!argv[*i + 1])
			return err_set(err, ERR_USAGE, "--%s needs a value: --%s %s", opt->name, opt->name, opt->value);
		value = argv[++*i];
	}
	seen[(*seen_n)++] = opt;
	return store(o, opt, value, err);
}

static int check_owner(const struct options *o, const struct option *opt, struct err *err)
{
	if (opt->of & o->command->bit)
		return 0;
	for (const struct command *c = commands; c->name; c++)
		if (opt->of & c->bit)
			return err_set(err, ERR_USAGE, "--%s is an option of '%s', not of '%s'", opt->name, c->name, o->command->name);
	return 0;
}

/* "500M", "2G", "1048576": K, M, G, T are powers of 1024. */
static bool read_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	struct span s = SPAN_STR(text);
	const char *unit = s.n ? strchr(units, toupper(s.p[s.n - 1])) : NULL;
	if (!span_number(span_sub(s, 0, s.n - (unit != NULL)), out))
		return false;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if (*out > UINT64_MAX >> shift)
		return false;
	*out <<= shift;
	return true;
}

static int check_number(const char *name, const char *text, unsigned long min, unsigned long max, struct err *err)
{
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : min;
	if (!text || (!*end && *text && *text != '-' && n >= min && n <= max))
		return 0;
	return err_set(err, ERR_USAGE, "--%s '%s': a number from %lu to %lu is expected", name, text, min, max);
}

static int check_values(const struct options *o, struct err *err)
{
	if (check_number("jobs", o->jobs, 1, 1024, err) < 0 || check_number("timeout", o->timeout, 1, 3600, err) < 0 ||
	    check_number("retries", o->retries, 0, 100, err) < 0)
		return -1;
	unsigned minor;
	struct pysystem system;
	if (o->python_version && !pysystem_python(o->python_version, &minor))
		return err_set(err, ERR_USAGE, "--python-version '%s': a version of Python 3 is expected, such as 3.11", o->python_version);
	if (o->libc && !pysystem_libc(o->libc, &system))
		return err_set(err, ERR_USAGE, "--libc '%s': a version of glibc or musl is expected: 2.28, musl-1.2", o->libc);
	uint64_t limit;
	if (o->cache_limit && !read_size(o->cache_limit, &limit))
		return err_set(err, ERR_USAGE, "--cache-limit '%s': a size is expected: 500M, 2G, 0", o->cache_limit);
	for (size_t i = 0; i < o->set_env.n; i++)
		if (!o->set_env.v[i][0] || o->set_env.v[i][0] == '=')
			return err_set(err, ERR_USAGE, "--set-env '%s': NAME=VALUE is expected", o->set_env.v[i]);
	return 0;
}

/* The first operand names a command, unless a file of that name is meant (write ./check then). */
static int take_command(struct options *o, struct err *err)
{
	const char *first = o->targets.n ? o->targets.v[0] : "", *names[COMMANDS_MAX];
	const struct command *c = command_find(first);
	o->command = c ? c : command_find("check");
	if (c) {
		o->targets.v++;
		o->targets.n--;
		o->targets.cap--;
		return 0;
	}
	size_t n = 0;
	for (c = commands; c->name && n + 1 < COMMANDS_MAX; c++)
		names[n++] = c->name;
	names[n] = NULL;
	const char *near = *first && !strpbrk(first, "=<>~./-") && access(first, F_OK) < 0 ? nearest_word(first, names) : NULL;
	return near ? err_set(err, ERR_USAGE, "'%s' is neither a file nor a command: did you mean '%s'?", first, near) : 0;
}

int options_parse(struct options *o, int argc, char **argv, struct err *err)
{
	*o = (struct options){ 0 };
	const struct option **seen = arena_alloc(&o->arena, ((size_t)argc + 1) * sizeof(*seen));
	size_t seen_n = 0;
	if (!seen)
		return err_nomem(err);
	bool operands = false;
	for (int i = 1; i < argc; i++) {
		if (!operands && str_eq(argv[i], "--")) {
			operands = true;
		} else if (!operands && argv[i][0] == '-' && argv[i][1]) {
			if (take_option(o, argv, &i, seen, &seen_n, err) < 0)
				return -1;
		} else if (!list_add(&o->arena, &o->targets, (const char *)argv[i])) {
			return err_nomem(err);
		}
	}
	if (take_command(o, err) < 0)
		return -1;
	for (size_t i = 0; i < seen_n; i++)
		if (check_owner(o, seen[i], err) < 0)
			return -1;
	return check_values(o, err);
}

void options_clear(struct options *o)
{
	arena_clear(&o->arena);
	*o = (struct options){ 0 };
}

uint64_t options_cache_limit(const struct options *o)
{
	uint64_t limit;
	return o->cache_limit && read_size(o->cache_limit, &limit) ? limit : LIMIT_CACHE;
}

unsigned options_jobs(const struct options *o)
{
	return o->jobs ? (unsigned)strtoul(o->jobs, NULL, 10) : 0;
}

struct http_options options_http(const struct options *o)
{
	enum { RETRIES = 5 };
	const char *ca = o->cacert ? o->cacert : getenv("SSL_CERT_FILE");
	return (struct http_options){
		.cacert = ca && *ca ? ca : NULL, .plain_http = o->plain_http, .offline = o->offline,
		.timeout = o->timeout ? (unsigned)strtoul(o->timeout, NULL, 10) : 0,
		.retries = o->retries ? (unsigned)strtoul(o->retries, NULL, 10) : RETRIES,
	};
}

enum level options_fail_on(const struct options *o, const char *fallback)
{
	const char *s = o->fail_on ? o->fail_on : fallback;
	return str_eq(s, "note") ? LEVEL_NOTE : str_eq(s, "warning") ? LEVEL_WARNING : LEVEL_ERROR;
}

enum expect options_expect(const struct options *o, const char *fallback)
{
	const char *s = o->expect ? o->expect : fallback;
	return str_eq(s, "gpu") ? EXPECT_GPU : str_eq(s, "cpu") ? EXPECT_CPU : EXPECT_NOTHING;
}

bool option_row(size_t i, struct option_row *row)
{
	if (i >= OPTIONS_N)
		return false;
	*row = (struct option_row){ .letter = table[i].letter, .name = table[i].name, .value = table[i].value, .line = table[i].line,
		.of = table[i].of, .optional = table[i].kind == MAYBE, .many = table[i].kind == MANY, .words = table[i].words };
	return true;
}

static void help_option(const struct option *opt, FILE *out)
{
	char head[64];
	const char *value = opt->value ? opt->value : "";
	snprintf(head, sizeof(head), opt->kind == MAYBE ? "--%s[=%s]" : *value ? "--%s %s" : "--%s", opt->name, value);
	fprintf(out, strlen(head) > 22 ? "  %c%c%c %s\n                             %s\n" : "  %c%c%c %-22s %s\n", opt->letter ? '-' : ' ', opt->letter ? opt->letter : ' ', opt->letter ? ',' : ' ', head,
		opt->line);
}

void options_help(const struct command *c, FILE *out)
{
	if (c) {
		fprintf(out, "usage: envcheck %s%s [options]\n\n%s\n\noptions:\n", c->name, c->operands, c->line);
	} else {
		fputs("usage: envcheck [check] TARGET... [--host FILE]... [--driver V] [--gpu G]... [options]\n\n"
		      "Will the GPU software in TARGET (an image, a root file system, a wheel, a Python\n"
		      "environment, a requirement) run on that host, and if not, why? Nothing is run.\n\n"
		      "  envcheck app.tar --driver 535.129.03 --gpu H100        an image, on a host in two words\n"
		      "  envcheck app.tar --host prod.json                      on the host where 'envcheck host > prod.json' was run\n"
		      "  envcheck torch==2.9.1 --driver 470.82.01 --gpu A100    before anything is built\n\n"
		      "exit status: 0 it runs, 1 it will not, 2 the command line is wrong, 3 something could\n"
		      "not be read, 4 too little is known to tell\n\ncommands:\n", out);
		for (const struct command *v = commands; v->name; v++)
			fprintf(out, "  %-11s %s\n", v->name, v->line);
		fputs("\noptions:\n", out);
	}
	for (size_t i = 0; i < OPTIONS_N; i++)
		if (!c || (table[i].of & c->bit))
			help_option(&table[i], out);
	if (!c)
		fputs("\n'envcheck COMMAND --help' lists the options of one command; man envcheck has the rest.\n", out);
}
