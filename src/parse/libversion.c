#include "parse/libversion.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

/*
 * Learnt from the libraries of CUDA 11 to 13 and held against the versions of
 * the packages that bring them. What is not listed has no such mark: libcublas
 * and libcudnn themselves ask the library beside them.
 */
static const struct libversion rows[] = {
	{ "libnvrtc", "Cuda compilation tools, release ", NULL, 0 },
	{ "libnvJitLink", "Cuda compilation tools, release ", NULL, 0 },
	{ "libnvvm", "Cuda compilation tools, release ", NULL, 0 },
	{ "ptxas", "Cuda compilation tools, release ", NULL, 0 },
	{ "ptxas-blackwell", "Cuda compilation tools, release ", NULL, 0 },
	{ "nvcc", "Cuda compilation tools, release ", NULL, 0 },
	{ "libnccl", "NCCL version ", NULL, 0 },
	{ "libcudnn_graph", "cudnn_version_", "cudnn_graph_version", LIBVERSION_DATA },
	{ "libcudnn_ops", NULL, "cudnn_ops_infer_version", LIBVERSION_DATA },
	{ "libcudnn_adv", NULL, "cudnn_adv_infer_version", LIBVERSION_DATA },
	{ "libcublasLt", NULL, "cublasLtGetVersion", LIBVERSION_10000_100 },
	{ "libcufft", NULL, "cufftGetVersion", LIBVERSION_1000_100 },
	{ "libcurand", NULL, "curandGetVersion", LIBVERSION_1000_100 },
	{ "libcusolver", NULL, "cusolverGetVersion", LIBVERSION_1000_100 },
	{ "libcusparse", NULL, "cusparseGetVersion", LIBVERSION_1000_100 },
};

const struct libversion *libversion_of(struct span name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span rest = span_from(name, strlen(rows[i].head));
		/* torch's and auditwheel's copies have a hash before ".so" */
		if (span_starts(name, rows[i].head) && (!rest.n || rest.p[0] == '.' || (rest.p[0] == '-' && span_find(rest, ".so") < rest.n)))
			return &rows[i];
	}
	return NULL;
}

/* "12" of "libcublasLt.so.12.4.5.8", "11" of "libcudart-9335f6a2.so.11.0"; -1: none. */
static long soname_major(struct span name)
{
	size_t at = span_find(name, ".so.");
	struct span rest = span_from(name, at + 4);
	size_t n = 0;
	while (n < rest.n && rest.p[n] >= '0' && rest.p[n] <= '9')
		n++;
	uint64_t v;
	return at < name.n && span_number(span_sub(rest, 0, n), &v) ? (long)v : -1;
}

static const char *print(uint32_t v, const struct libversion *l, struct arena *a)
{
	switch (l->scheme) {
	case LIBVERSION_1000_100: /* CUFFT_VERSION and its relatives: 11203 is 11.2.3 */
		return arena_printf(a, "%u.%u.%u", v / 1000, v % 1000 / 100, v % 100);
	case LIBVERSION_10000_100: /* CUBLAS_VERSION from 11 on, CUDNN_VERSION from 9 on: 120405 is 12.4.5 */
		return arena_printf(a, "%u.%u.%u", v / 10000, v % 10000 / 100, v % 100);
	case LIBVERSION_DATA:
		break;
	}
	return NULL;
}

static uint32_t major_of(uint32_t v, const struct libversion *l)
{
	return l->scheme == LIBVERSION_10000_100 ? v / 10000 : v / 1000;
}

/* Does the number read as a version of that major? Sonames of cufft, curand and cusolver count the library's own majors. */
static bool plausible(uint32_t v, const struct libversion *l, long major)
{
	return major > 0 && major_of(v, l) == (uint32_t)major && v < 1000000;
}

const char *libversion_at_symbol(const struct libversion *l, struct span bytes, struct span file_name, struct arena *a)
{
	long major = soname_major(file_name);
	if (l->scheme == LIBVERSION_DATA) { /* patch, minor, major, 0 */
		if (bytes.n < 4 || bytes.p[3] || bytes.p[2] != major)
			return NULL;
		return arena_printf(a, "%u.%u.%u", bytes.p[2], bytes.p[1], bytes.p[0]);
	}
	/*
	 * The one 32-bit constant of a move (C7 /0 with any addressing, B8 to BF:
	 * Intel SDM volume 2, MOV) that reads as a version. Two that differ, and
	 * neither can be trusted.
	 */
	uint32_t found = 0;
	for (size_t i = 0; i + 5 <= bytes.n; i++) {
		unsigned char op = bytes.p[i];
		size_t from = 0, to = 0;
		if (op >= 0xb8 && op <= 0xbf)
			from = to = 1;
		else if (op == 0xc7)
			from = 2, to = 4;
		for (size_t k = from; from && k <= to && i + k + 4 <= bytes.n; k++) {
			struct cur c = cur_of(span_sub(bytes, i + k, 4));
			uint32_t v = cur_u32(&c);
			if (!plausible(v, l, major))
				continue;
			if (found && found != v)
				return NULL;
			found = v;
		}
	}
	return found ? print(found, l, a) : NULL;
}

/* The version behind a banner. NULL where the text does not go on as one; *cut: it may go on in the next run. */
static const char *behind(struct span s, const struct libversion *l, bool *cut, struct arena *a)
{
	char text[32];
	size_t n = 0;
	bool cudnn = str_starts(l->banner, "cudnn"), tools = str_starts(l->banner, "Cuda");
	if (tools) { /* "12.8, V12.8.93" */
		size_t v = span_find(s, ", V");
		if (v > 12) {
			*cut = s.n <= 12;
			return NULL;
		}
		s = span_from(s, v + 3);
	}
	while (n < s.n && n < sizeof(text) - 1 && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.' || (cudnn && s.p[n] == '_'))) {
		text[n] = s.p[n] == '_' ? '.' : (char)s.p[n];
		n++;
	}
	*cut = n == s.n;
	while (n && text[n - 1] == '.')
		n--;
	text[n] = '\0';
	/* a format string has no number there: "NCCL version %d" */
	return !*cut && memchr(text, '.', n) && text[0] != '.' ? arena_str(a, text) : NULL;
}

static bool look(struct libversion_search *s, struct span all, struct arena *a)
{
	while (all.n) {
		size_t at = span_find(all, s->l->banner);
		if (at == all.n)
			return false;
		all = span_from(all, at + strlen(s->l->banner));
		bool cut;
		s->found = behind(all, s->l, &cut, a);
		if (s->found)
			return true;
	}
	return false;
}

bool libversion_feed(struct libversion_search *s, struct span bytes, struct arena *a)
{
	enum { OVER = sizeof(s->kept) / 2 };
	if (s->found || !bytes.n)
		return s->found != NULL;
	/* what stands over the seam of two runs */
	if (s->kept_n) {
		char seam[sizeof(s->kept) + OVER];
		size_t more = bytes.n < OVER ? bytes.n : OVER;
		memcpy(seam, s->kept, s->kept_n);
		memcpy(seam + s->kept_n, bytes.p, more);
		if (look(s, (struct span){ (unsigned char *)seam, s->kept_n + more }, a))
			return true;
	}
	if (look(s, bytes, a))
		return true;
	if (bytes.n >= OVER) {
		memcpy(s->kept, bytes.p + bytes.n - OVER, OVER);
		s->kept_n = OVER;
		return false;
	}
	size_t old = s->kept_n + bytes.n > sizeof(s->kept) ? sizeof(s->kept) - bytes.n : s->kept_n;
	memmove(s->kept, s->kept + s->kept_n - old, old);
	memcpy(s->kept + old, bytes.p, bytes.n);
	s->kept_n = old + bytes.n;
	return false;
}
