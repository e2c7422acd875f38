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
	{ "libnvrtc", "Cuda compilation tools, release ", NULL, LIBVERSION_NUMBER, 0 },
	{ "libnvJitLink", "Cuda compilation tools, release ", NULL, LIBVERSION_NUMBER, 0 },
	{ "libnvvm", "Cuda compilation tools, release ", NULL, LIBVERSION_NUMBER, 0 },
	{ "ptxas", "Cuda compilation tools, release ", NULL, LIBVERSION_NUMBER, 0 },
	{ "ptxas-blackwell", "Cuda compilation tools, release ", NULL, LIBVERSION_NUMBER, 0 },
	{ "nvcc", "Cuda compilation tools, release ", NULL, LIBVERSION_NUMBER, 0 },
	{ "libnccl", "NCCL version ", NULL, LIBVERSION_NUMBER, 0 },
	{ "libnvshmem_host", "NVSHMEM v", NULL, LIBVERSION_NUMBER, 0 },
	{ "libcudnn_graph", "cudnn_version_", "cudnn_graph_version", LIBVERSION_DATA, 0 },
	{ "libcudnn_ops", NULL, "cudnn_ops_infer_version", LIBVERSION_DATA, 0 },
	{ "libcudnn_adv", NULL, "cudnn_adv_infer_version", LIBVERSION_DATA, 0 },
	{ "libcudnn_ops_infer", NULL, "cudnn_ops_infer_version", LIBVERSION_DATA, 0 },
	{ "libcudnn_adv_infer", NULL, "cudnn_adv_infer_version", LIBVERSION_DATA, 0 },
	{ "libcudnn_ops_train", NULL, "cudnn_ops_train_version", LIBVERSION_DATA, 0 },
	{ "libcudart", NULL, NULL, LIBVERSION_CUDART, 0 },
	{ "libcupti", NULL, "cuptiGetVersion", LIBVERSION_CUPTI, 0 },
	{ "libcublasLt", NULL, "cublasLtGetVersion", LIBVERSION_NUMBER, 11 },
	{ "libcufft", NULL, "cufftGetVersion", LIBVERSION_NUMBER, 0 },
	{ "libcurand", NULL, "curandGetVersion", LIBVERSION_NUMBER, 0 },
	{ "libcusolver", NULL, "cusolverGetVersion", LIBVERSION_NUMBER, 0 },
	{ "libcusparse", NULL, "cusparseGetVersion", LIBVERSION_NUMBER, 0 },
	{ "libcusparseLt", NULL, "cusparseLtGetVersion", LIBVERSION_NUMBER, 0 },
	{ "libnvinfer", NULL, "getInferLibVersion", LIBVERSION_NUMBER, 10 },
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

bool libversion_nvidia(struct span name)
{
	static const char *const heads[] = {
		"libcublas", "libcudart", "libcudnn", "libcufft", "libcufile", "libcupti", "libcurand", "libcusolver", "libcusparse", "libcutensor",
		"libnccl", "libnpp", "libnvJitLink", "libnvToolsExt", "libnvblas", "libnvinfer", "libnvjpeg", "libnvonnxparser", "libnvparsers",
		"libnvrtc", "libnvshmem", "libnvvm", "nvshmem_",
	};
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (span_starts(name, heads[i]))
			return true;
	return false;
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

static bool wide(const struct libversion *l, long major)
{
	return l->wide_from && major >= (long)l->wide_from;
}

/*
 * CUPTI_API_VERSION counted releases up to CUDA 12, and is the release from 13
 * on (130001 is 13.0.1). 18 stands for 11.8 to 12.1, so it tells nothing.
 */
static const char *print_cupti(uint32_t v, struct arena *a)
{
	static const struct { uint32_t api; const char *cuda; } rows_api[] = {
		{ 20, "12.2" }, { 21, "12.3" }, { 22, "12.4" }, { 23, "12.5" }, { 24, "12.6" }, { 26, "12.8" }, { 28, "12.9" },
	};
	if (v >= 130000)
		return arena_printf(a, "%u.%u", v / 10000, v % 10000 / 100);
	for (size_t i = 0; i < sizeof(rows_api) / sizeof(*rows_api); i++)
		if (rows_api[i].api == v)
			return rows_api[i].cuda;
	return NULL;
}

static const char *print(uint32_t v, const struct libversion *l, long major, struct arena *a)
{
	if (l->how == LIBVERSION_CUPTI)
		return print_cupti(v, a);
	if (wide(l, major))
		return arena_printf(a, "%u.%u.%u", v / 10000, v % 10000 / 100, v % 100);
	return arena_printf(a, "%u.%u.%u", v / 1000, v % 1000 / 100, v % 100);
}

/* Does the number read as a version of that major? Sonames of cufft, curand and cusolver count the library's own majors. */
static bool plausible(uint32_t v, const struct libversion *l, long major)
{
	if (l->how == LIBVERSION_CUPTI)
		return v < 100 ? v >= 2 && major <= 12 : v / 10000 == (uint32_t)major;
	if (!major)
		return v >= 100 && v < 1000; /* cuSPARSELt 0.6.3 is 603 */
	return major > 0 && v < 1000000 && v / (wide(l, major) ? 10000 : 1000) == (uint32_t)major;
}

/*
 * Where the constant of "mov dword [..], imm32" begins, C7 /0 being at 0
 * (Intel SDM volume 2, MOV and table 2-2); 0: it is another instruction.
 */
static size_t stored(struct span s, unsigned char before)
{
	if (s.n < 3 || (before & 0xf8) == 0x48) /* REX.W: 64 bits */
		return 0;
	unsigned mod = s.p[1] >> 6, reg = s.p[1] >> 3 & 7, rm = s.p[1] & 7;
	size_t at = 2;
	if (reg || mod == 3)
		return 0;
	if (rm == 4)
		at++;
	if (mod == 1)
		at += 1;
	else if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (s.p[2] & 7) == 5))))
		at += 4;
	return at;
}

const char *libversion_at_symbol(const struct libversion *l, struct span bytes, struct span file_name, struct arena *a)
{
	long major = soname_major(file_name);
	if (l->how == LIBVERSION_DATA) { /* patch, minor, major, 0 */
		if (bytes.n < 4 || bytes.p[3] || bytes.p[2] != major)
			return NULL;
		return arena_printf(a, "%u.%u.%u", bytes.p[2], bytes.p[1], bytes.p[0]);
	}
	/* the one 32-bit constant of a move that reads as a version; two that differ, and neither can be trusted */
	uint32_t found = 0;
	for (size_t i = 0; i < bytes.n; i++) {
		struct cur c = cur_of(bytes);
		cur_skip(&c, i);
		bool small = !major || l->how == LIBVERSION_CUPTI; /* such numbers are everywhere: only where one is stored for the caller */
		size_t at = bytes.p[i] == 0xc7 ? stored(span_from(bytes, i), i ? bytes.p[i - 1] : 0) : bytes.p[i] >> 3 == 0xb8 >> 3 && !small ? 1 : 0;
		cur_skip(&c, at);
		uint32_t v = cur_u32(&c);
		if (!at || c.bad || !plausible(v, l, major))
			continue;
		if (found && found != v)
			return NULL;
		found = v;
	}
	return found ? print(found, l, major, a) : NULL;
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
	unsigned dots = 0; /* from 9.10 on cuDNN's goes on with the number of a change */
	while (n < s.n && n < sizeof(text) - 1 && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.' || (cudnn && s.p[n] == '_')) && dots < 4) {
		text[n] = s.p[n] == '_' ? '.' : (char)s.p[n];
		dots += text[n++] == '.';
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

/* ---- names ---- */

const char *libversion_of_name(struct span file_name, struct arena *a)
{
	/* libnvToolsExt.so.1.0.0 and the years of CUPTI are counted apart from their packages */
	static const char *const apart[] = { "libnvToolsExt", "libcupti", "libnvperf", "libOpenCL", "libcheckpoint", "libpcsamplingutil" };
	size_t at = span_find(file_name, ".so.");
	struct span v = span_from(file_name, at + strlen(".so."));
	unsigned numbers = v.n != 0, digits = 0;
	for (size_t i = 0; i < v.n; i++) {
		bool dot = v.p[i] == '.';
		if (!dot && (v.p[i] < '0' || v.p[i] > '9'))
			return NULL;
		if (dot && !digits)
			return NULL;
		digits = dot ? 0 : digits + 1;
		numbers += dot;
	}
	bool builtins = span_starts(file_name, "libnvrtc-builtins.so.");
	if (!digits || numbers < (builtins ? 2u : 3u) || numbers > 4)
		return NULL;
	for (size_t i = 0; i < sizeof(apart) / sizeof(*apart); i++)
		if (span_starts(file_name, apart[i]))
			return NULL;
	return arena_strn(a, v.p, v.n);
}

/* ---- the CUDA runtime ---- */

/*
 * cudaRuntimeGetVersion ends in a leaf that compilers of CUDA 10 to 13 made alike:
 *   test rdi, rdi; je ..; mov dword [rdi], CUDART_VERSION; xor eax, eax; ret
 * CUDART_VERSION is 1000 * major + 10 * minor (cuda_runtime_api.h).
 */
enum { LEAF = 14, LEAF_NUMBER = 7 };

static void look_leaf(struct cudart_search *s, struct span all)
{
	while (all.n >= LEAF) {
		size_t at = span_find(all, "\x48\x85\xff\x74");
		if (at == all.n)
			return;
		all = span_from(all, at);
		if (all.n >= LEAF && all.p[5] == 0xc7 && all.p[6] == 0x07 && all.p[11] == 0x31 && all.p[12] == 0xc0 && all.p[13] == 0xc3) {
			struct cur c = cur_of(span_sub(all, LEAF_NUMBER, 4));
			uint32_t v = cur_u32(&c);
			bool version = v >= 7000 && v < 30000 && v % 10 == 0 && v % 1000 < 200;
			s->differ = s->differ || (version && s->found && s->found != v);
			if (version)
				s->found = v;
		}
		all = span_from(all, 1);
	}
}

void cudart_feed(struct cudart_search *s, struct span code)
{
	enum { OVER = LEAF - 1 };
	if (s->kept_n) {
		unsigned char seam[2 * OVER];
		size_t more = code.n < OVER ? code.n : OVER;
		memcpy(seam, s->kept, s->kept_n);
		memcpy(seam + s->kept_n, code.p, more);
		look_leaf(s, (struct span){ seam, s->kept_n + more });
	}
	look_leaf(s, code);
	struct span end = code.n > OVER ? span_from(code, code.n - OVER) : code;
	size_t old = s->kept_n > OVER - end.n ? OVER - end.n : s->kept_n;
	memmove(s->kept, s->kept + s->kept_n - old, old);
	memcpy(s->kept + old, end.p, end.n);
	s->kept_n = old + end.n;
}

const char *cudart_found(const struct cudart_search *s, struct arena *a)
{
	return s->found && !s->differ ? arena_printf(a, "%u.%u", s->found / 1000, s->found % 1000 / 10) : NULL;
}
