#include "source/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/netrc.h"

extern char **environ;

enum {
	HELPER_OUT = 64 * 1024, /* bytes that a helper may answer: tokens have a few thousand */
	HELPER_MS = 60 * 1000,  /* a helper may ask its user to unlock a key ring */
};

/* Docker Hub's own entry, under the name that docker login writes. */
static const char hub[] = "https://index.docker.io/v1/";

char *credentials_header(const char *basic)
{
	size_t n = strlen(basic);
	char *to = n < HELPER_OUT ? mem_alloc(6 + 4 * (n / 3 + 1) + 1) : NULL;
	if (!to)
		return NULL;
	memcpy(to, "Basic ", 6);
	EVP_EncodeBlock((unsigned char *)to + 6, (const unsigned char *)basic, (int)n);
	return to;
}

/* "user:password" out of base64; NULL where it is none. */
static char *decode(struct arena *a, const char *text)
{
	size_t n = strlen(text);
	char *to = n && n % 4 == 0 && n < HELPER_OUT ? arena_alloc(a, n / 4 * 3 + 1) : NULL;
	int got = to ? EVP_DecodeBlock((unsigned char *)to, (const unsigned char *)text, (int)n) : -1;
	if (got < 0)
		return NULL;
	to[got] = '\0'; /* padding decodes to NULs, which end the text sooner */
	return strchr(to, ':') ? to : NULL;
}

/* ---- files ---- */

/* Opens a file for reading; -1 where it is not there. */
static int open_file(const char *path)
{
	return path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
}

static const char *in_home(struct arena *a, const char *name)
{
	const char *home = getenv("HOME");
	return home && *home ? arena_printf(a, "%s/%s", home, name) : NULL;
}

/* The files that docker and podman read, in their order; those that are not set are NULL. */
static void config_files(struct arena *a, const char *path[4])
{
	const char *docker = getenv("DOCKER_CONFIG"), *run = getenv("XDG_RUNTIME_DIR");
	path[0] = getenv("REGISTRY_AUTH_FILE");
	path[1] = docker && *docker ? arena_printf(a, "%s/config.json", docker) : NULL;
	path[2] = run && *run ? arena_printf(a, "%s/containers/auth.json", run) : NULL;
	path[3] = path[1] ? NULL : in_home(a, ".docker/config.json");
}

/* ---- helpers: github.com/docker/docker-credential-helpers, "Usage": the host on standard input, JSON on standard output ---- */

static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* All that the helper says, or NULL where it says too much or nothing for too long. */
static char *hear(int fd, size_t *n)
{
	auto_buf struct buf b = BUF_INIT(HELPER_OUT);
	char piece[4096];
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, HELPER_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		ssize_t got = ready > 0 ? read(fd, piece, sizeof(piece)) : -1;
		if (got > 0)
			buf_add(&b, piece, (size_t)got);
		if (got < 0 || b.bad)
			return NULL;
		if (!got)
			return buf_take(&b, n);
	}
}

static int spawn_helper(const char *program, int in, int out, pid_t *pid)
{
	char *argv[] = { (char *)program, (char *)"get", NULL };
	posix_spawn_file_actions_t acts;
	if (posix_spawn_file_actions_init(&acts))
		return -1;
	int rc = posix_spawn_file_actions_adddup2(&acts, in, 0) || posix_spawn_file_actions_adddup2(&acts, out, 1) ||
		 posix_spawnp(pid, program, &acts, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	return rc ? -1 : 0;
}

/* The answer of a helper; NULL where it has none for this host, or cannot be run (then err). */
static char *ask_helper(const char *program, const char *server, size_t *n, struct err *err)
{
	int in[2], out[2]; /* in: a socket, so that a helper that reads nothing cannot end us by SIGPIPE */
	pid_t pid;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0) {
		err_sys(err, errno, "socketpair");
		return NULL;
	}
	if (pipe2(out, O_CLOEXEC) < 0) {
		err_sys(err, errno, "pipe");
		close(in[0]);
		close(in[1]);
		return NULL;
	}
	int rc = spawn_helper(program, in[0], out[1], &pid);
	close(in[0]);
	close(out[1]);
	char *text = NULL;
	if (rc == 0) {
		ssize_t wrote = send(in[1], server, strlen(server), MSG_NOSIGNAL);
		close(in[1]);
		if (wrote >= 0)
			text = hear(out[0], n);
		if (!text)
			kill(pid, SIGKILL);
		if (wait_for(pid) != 0) {
			mem_free(text); /* it has none, and said so in words */
			text = NULL;
		}
	} else {
		close(in[1]);
		err_set(err, ERR_IO, "%s, which docker's config names, cannot be run", program);
	}
	close(out[0]);
	return text;
}

static int from_helper(const char *name, const char *server, struct arena *a, struct credentials *out, struct err *err)
{
	size_t n = 0;
	for (const char *s = name; *s; s++)
		if (*s == '/')
			return err_set(err, ERR_FORMAT, "docker's config names the helper '%.60s', which is no name", name);
	const char *program = arena_printf(a, "docker-credential-%s", name);
	if (!program)
		return err_nomem(err);
	auto_free char *text = ask_helper(program, server, &n, err);
	if (!text)
		return err->kind ? -1 : 0;
	json_auto_t *o = json_parse((struct span){ (unsigned char *)text, n }, program, NULL);
	const char *user = json_get_str(o, "Username"), *secret = json_get_str(o, "Secret");
	if (user && secret && str_eq(user, "<token>"))
		out->identity = arena_str(a, secret);
	else if (user && secret)
		out->basic = arena_printf(a, "%s:%s", user, secret);
	explicit_bzero(text, n);
	return 0;
}

/* ---- docker's config ---- */

static bool is_hub(const char *host) { return str_eq(host, "docker.io") || str_eq(host, "registry-1.docker.io"); }

static bool same_host(struct span key, const char *host)
{
	return (key.n == strlen(host) && !strncasecmp((const char *)key.p, host, key.n)) ||
	       (is_hub(host) && (span_eq(key, "index.docker.io") || span_eq(key, "docker.io")));
}

/*
 * How well a key names a repository; 0: not. "https://host:port/v1/" and
 * "host:port" name the host; "host/team", as podman writes it, what is below
 * team there (containers-auth.json(5)), and the longer of two is the better.
 */
static size_t key_fits(const char *key, const char *host, const char *repo)
{
	bool url = strstr(key, "://") != NULL;
	struct span path = SPAN_STR(url ? strstr(key, "://") + 3 : key), name = span_cut(&path, '/');
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	if (!same_host(name, host))
		return 0;
	if (url || !path.n || span_eq(path, "v1") || span_eq(path, "v2"))
		return 1;
	bool below = strlen(repo) >= path.n && !memcmp(repo, path.p, path.n) && (!repo[path.n] || repo[path.n] == '/');
	return below ? 1 + path.n : 0;
}

/* The value for a repository in an object that is keyed by hosts. */
static const json_t *by_host(json_t *o, const char *host, const char *repo)
{
	const char *key;
	json_t *v;
	const json_t *best = NULL;
	size_t how_well = 0;
	if (!json_is_object(o))
		return NULL;
	json_object_foreach(o, key, v) {
		/* docker's own key before others that mean the same */
		bool own = str_eq(key, is_hub(host) ? hub : host);
		size_t fits = key_fits(key, host, repo);
		if (fits && (fits > how_well || (fits == how_well && own))) {
			how_well = fits;
			best = v;
		}
	}
	return best;
}

static int from_config(json_t *config, const char *host, const char *repo, struct arena *a, struct credentials *out, struct err *err)
{
	const char *server = is_hub(host) ? hub : host;
	const char *helper = json_string_value(by_host(json_object_get(config, "credHelpers"), host, repo));
	const char *all = json_get_str(config, "credsStore");
	if (helper && from_helper(helper, server, a, out, err) < 0)
		return -1;
	if (!helper && all && *all && from_helper(all, server, a, out, err) < 0)
		return -1;
	if (out->basic || out->identity)
		return 0;
	const json_t *entry = by_host(json_object_get(config, "auths"), host, repo);
	const char *auth = json_get_str(entry, "auth"), *identity = json_get_str(entry, "identitytoken");
	const char *user = json_get_str(entry, "username"), *password = json_get_str(entry, "password");
	if (identity && *identity)
		out->identity = arena_str(a, identity);
	else if (auth && *auth)
		out->basic = decode(a, auth);
	else if (user && password)
		out->basic = arena_printf(a, "%s:%s", user, password);
	return 0;
}

static int from_docker(const char *host, const char *repo, struct arena *a, struct credentials *out, struct err *err)
{
	const char *path[4];
	config_files(a, path);
	for (size_t i = 0; i < 4 && !out->basic && !out->identity; i++) {
		int fd = open_file(path[i]);
		if (fd < 0)
			continue;
		/* a parser's own words may quote a password */
		json_auto_t *config = json_read(fd, LIMIT_JSON_SMALL, path[i], NULL);
		close(fd);
		if (!config)
			return err_set(err, ERR_FORMAT, "%s: this is no JSON", path[i]);
		if (from_config(config, host, repo, a, out, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the rest ---- */

/* ENVCHECK_AUTH: lines of host=user:password. */
static int from_environment(const char *host, struct arena *a, struct credentials *out)
{
	const char *text = getenv("ENVCHECK_AUTH");
	struct cur c = cur_of(text ? SPAN_STR(text) : (struct span){ 0 });
	struct span line;
	while (!out->basic && cur_line(&c, &line)) {
		struct span name = span_trim(span_cut(&line, '='));
		if (span_eq(name, host) && span_chr(line, ':') < line.n && !(out->basic = arena_strn(a, line.p, line.n)))
			return -1;
	}
	return 0;
}

static int from_netrc(const char *host, struct arena *a, struct credentials *out, struct err *err)
{
	const char *path = getenv("NETRC");
	auto_arena struct arena mine = ARENA_INIT;
	auto_fd int fd = open_file(path && *path ? path : in_home(&mine, ".netrc"));
	if (fd < 0)
		return 0;
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	char piece[4096];
	ssize_t got;
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		buf_add(&b, piece, (size_t)got);
	/* netrc knows machines, not ports */
	const char *name = arena_strn(&mine, host, host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"));
	return !name || netrc_find((struct span){ (unsigned char *)buf_text(&b), b.bad ? 0 : b.n }, name, a, &out->basic) < 0 ? err_nomem(err) : 0;
}

int credentials_find(const char *host, const char *repo, struct arena *a, struct credentials *out, struct err *err)
{
	*out = (struct credentials){ 0 };
	if (from_environment(host, a, out) < 0)
		return err_nomem(err);
	if (!out->basic && repo && from_docker(host, repo, a, out, err) < 0)
		return -1;
	return out->basic || out->identity ? 0 : from_netrc(host, a, out, err);
}
