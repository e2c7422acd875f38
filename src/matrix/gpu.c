#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "matrix/matrix.h"

enum { NAME = 128, WORDS = 16 };

/* A name as a list of words: lower case, split where letters, digits and other bytes meet other bytes. */
struct words { char text[NAME]; const char *w[WORDS]; size_t n; };

static void split(const char *s, struct words *out)
{
	size_t n = 0;
	out->n = 0;
	bool in = false;
	for (; *s && n + 2 < NAME; s++) {
		bool alnum = isalnum((unsigned char)*s);
		if (alnum && !in) {
			if (out->n == WORDS)
				break;
			if (n)
				n++; /* past the NUL */
			out->w[out->n++] = out->text + n;
		}
		in = alnum;
		if (alnum)
			out->text[n++] = (char)tolower((unsigned char)*s);
		out->text[n] = '\0';
	}
}

/* Words that say nothing of the capability: brands and the like. */
static bool filler(const char *w)
{
	static const char *const words[] = { "nvidia", "tesla", "geforce", "gpu", "graphics", "corporation", "shared", "developer", "kit", "grid", "mega" };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(w, words[i]))
			return true;
	return false;
}

/* "80gb" and its like: the memory, which the table may not spell. */
static bool memory(const char *w)
{
	size_t n = strspn(w, "0123456789");
	return n && (!strcmp(w + n, "gb") || !strcmp(w + n, "g") || !strcmp(w + n, "gib"));
}

/* How the board is built (SXM4, PCIe, HBM3): the capability does not depend on it. */
static bool form(const char *w)
{
	return (str_starts(w, "sxm") && strlen(w) <= 4) || !strcmp(w, "pcie") || str_starts(w, "hbm");
}

/* Are all telling words of the question in the row, in that order? `extra` counts the row's words left over. */
static bool words_in(const struct words *q, const struct words *row, size_t *extra)
{
	size_t at = 0, used = 0, telling = 0;
	for (size_t i = 0; i < q->n; i++) {
		if (filler(q->w[i]))
			continue;
		size_t k = at;
		while (k < row->n && strcmp(row->w[k], q->w[i]))
			k++;
		if (k == row->n) {
			if (telling && (memory(q->w[i]) || form(q->w[i])))
				continue;
			return false;
		}
		telling++;
		used++;
		at = k + 1;
	}
	size_t left = 0;
	for (size_t k = 0; k < row->n; k++)
		left += !filler(row->w[k]) && !memory(row->w[k]);
	*extra = left > used ? left - used : 0;
	return telling > 0;
}

/* RTX4090, rtx-4090, 2080Ti, 4090D, RTXA6000: letters and digits that people run together are put apart. */
static void loosen(const char *s, char *out, size_t cap)
{
	size_t n = 0;
	for (const char *p = s; *p && n + 2 < cap; p++) {
		bool digit = isdigit((unsigned char)*p);
		if (p > s && isalnum((unsigned char)p[-1]) && isalpha((unsigned char)*p) && isdigit((unsigned char)p[-1]) &&
		    (!strncasecmp(p, "ti", 2) || !strncasecmp(p, "super", 5)))
			out[n++] = ' ';
		if (p - s >= 4 && strchr("dD", *p) && !isalnum((unsigned char)p[1]) && strspn(p - 4, "0123456789") == 4)
			out[n++] = ' ';
		bool series = digit || (strchr("aA", *p) && isdigit((unsigned char)p[1]));
		if (p - s >= 3 && series && (!strncasecmp(p - 3, "rtx", 3) || !strncasecmp(p - 3, "gtx", 3)))
			out[n++] = ' ';
		out[n++] = *p;
	}
	out[n] = '\0';
}

static enum gpu_vendor other_vendor(const char *s)
{
	static const struct { const char *word; enum gpu_vendor vendor; } words[] = {
		{ "amd", GPU_AMD }, { "radeon", GPU_AMD }, { "instinct", GPU_AMD }, { "mi100", GPU_AMD }, { "mi210", GPU_AMD },
		{ "mi250", GPU_AMD }, { "mi250x", GPU_AMD }, { "mi300a", GPU_AMD }, { "mi300x", GPU_AMD }, { "mi308x", GPU_AMD },
		{ "mi325x", GPU_AMD }, { "mi350x", GPU_AMD }, { "mi355x", GPU_AMD }, { "vega", GPU_AMD }, { "rx", GPU_AMD },
		{ "intel", GPU_INTEL }, { "arc", GPU_INTEL }, { "iris", GPU_INTEL }, { "uhd", GPU_INTEL },
	};
	struct words w;
	split(s, &w);
	for (size_t i = 0; i < w.n; i++) {
		if (!strncmp(w.w[i], "gfx", 3) && isdigit((unsigned char)w.w[i][3]))
			return GPU_AMD;
		for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++)
			if (!strcmp(w.w[i], words[k].word))
				return words[k].vendor;
	}
	return GPU_UNKNOWN;
}

static void suggest(const struct matrix *m, const char *name, struct gpu_match *out)
{
	unsigned best[3] = { 99, 99, 99 };
	for (size_t i = 0; i < m->gpus.n; i++) {
		const char *id = m->gpus.v[i].id;
		unsigned d = str_distance(name, id), short_d = str_starts(id, "NVIDIA ") ? str_distance(name, id + 7) : 99;
		d = d < short_d ? d : short_d;
		for (size_t k = 0; k < 3; k++) {
			if (d >= best[k])
				continue;
			for (size_t j = 2; j > k; j--) {
				best[j] = best[j - 1];
				out->suggest[j] = out->suggest[j - 1];
			}
			best[k] = d;
			out->suggest[k] = id;
			break;
		}
	}
}

/*
 * The table of nvidia-smi cuts names off: "NVIDIA A100-SXM...". All rows that
 * begin so must agree, else the capability is not known; false: no row does.
 */
static bool cut_off_name(const struct matrix *m, const char *text, struct gpu_match *out)
{
	size_t n = strlen(text) - 3;
	bool any = false;
	for (size_t i = 0; i < m->gpus.n; i++) {
		const char *id = m->gpus.v[i].id;
		if (strncasecmp(id, text, n) && (!str_starts(id, "NVIDIA ") || strncasecmp(id + 7, text, n)))
			continue;
		if (any && ver2_cmp(out->cc, m->gpus.v[i].cc)) {
			out->cc = VER2_NONE;
			return true;
		}
		any = true;
		out->vendor = GPU_NVIDIA;
		out->cc = m->gpus.v[i].cc;
	}
	return any;
}

/*
 * What is put behind the product's name: by GPU feature discovery and MIG, and
 * for virtual GPUs the frame buffer and the kind of licence (GRID T4-16Q, NVIDIA A40-48C): true for these.
 */
static bool cut_suffix(char *text)
{
	static const char *const marks[] = { "-MIG-", "-SHARED", " MIG " };
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		char *cut = strstr(text, marks[i]);
		if (cut)
			*cut = '\0';
	}
	char *dash = strrchr(text, '-');
	size_t n = dash ? strspn(dash + 1, "0123456789") : 0;
	bool virtual = n && dash[1 + n] && strchr("ABCQ", dash[1 + n]) && !dash[2 + n];
	if (!virtual)
		return false;
	*dash = '\0';
	/* A100-4-20C: of a MIG instance, its slices before the frame buffer */
	dash = strrchr(text, '-');
	if (dash && isdigit((unsigned char)dash[1]) && !dash[2])
		*dash = '\0';
	return true;
}

/* "NVIDIA Corporation GV100GL [Tesla V100 SXM2 16GB] (rev a1)", as lspci prints it: the product is in brackets. */
static void take_product(char *text)
{
	char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
	if (!close || close == open + 1)
		return;
	*close = '\0';
	memmove(text, open + 1, strlen(open + 1) + 1);
}

/* The rows that hold most of the words of a name. They agree, or `out` names the candidates and has no capability; false: no row does. */
static bool by_words(const struct matrix *m, const char *text, struct gpu_match *out)
{
	char loose[NAME];
	loosen(text, loose, sizeof(loose));
	struct words q, row;
	split(loose, &q);
	size_t best = (size_t)-1, extra, candidates = 0;
	for (size_t i = 0; i < m->gpus.n; i++) {
		char row_loose[NAME];
		loosen(m->gpus.v[i].id, row_loose, sizeof(row_loose));
		split(row_loose, &row);
		if (!words_in(&q, &row, &extra) || extra > best)
			continue;
		if (extra < best)
			*out = (struct gpu_match){ .vendor = GPU_NVIDIA, .row = &m->gpus.v[i], .cc = m->gpus.v[i].cc };
		else if (ver2_known(out->cc) && ver2_cmp(out->cc, m->gpus.v[i].cc))
			out->ambiguous = true;
		if (extra < best)
			candidates = 0;
		best = extra;
		if (candidates < 3)
			out->suggest[candidates++] = m->gpus.v[i].id;
	}
	if (!out->row)
		return false;
	if (out->ambiguous) {
		out->row = NULL;
		out->cc = VER2_NONE;
	} else {
		memset(out->suggest, 0, sizeof(out->suggest));
	}
	return true;
}

/* Virtual GPUs name variants of a board by letters: V100D, A100DX. The board's name without them; false: there are none. */
static bool without_variant(char *text)
{
	size_t n = strlen(text), keep = n;
	while (keep && strchr("DXLM", text[keep - 1]))
		keep--;
	if (keep == n || !keep || !isdigit((unsigned char)text[keep - 1]))
		return false;
	text[keep] = '\0';
	return true;
}

struct gpu_match matrix_gpu(const struct matrix *m, const char *name)
{
	struct gpu_match out = { .vendor = GPU_UNKNOWN, .cc = VER2_NONE };
	char text[NAME];
	snprintf(text, sizeof(text), "%s", name);
	take_product(text);
	bool virtual = cut_suffix(text);
	struct sm sm = sm_parse(text);
	bool bare = text[strspn(text, "0123456789")] == '\0';
	if (sm.number && (!bare || sm.number < 200)) {
		out.vendor = GPU_NVIDIA;
		out.cc = sm_cc(sm);
		return out;
	}
	for (size_t i = 0; i < m->gpus.n; i++)
		if (str_ieq(m->gpus.v[i].id, text) || (str_starts(m->gpus.v[i].id, "NVIDIA ") && str_ieq(m->gpus.v[i].id + 7, text))) {
			out.vendor = GPU_NVIDIA;
			out.row = &m->gpus.v[i];
			out.cc = out.row->cc;
			return out;
		}
	if (strlen(text) > 6 && str_ends(text, "...") && cut_off_name(m, text, &out))
		return out;
	if (by_words(m, text, &out))
		return out;
	out.vendor = other_vendor(text);
	if (out.vendor != GPU_UNKNOWN)
		return out;
	suggest(m, text, &out);
	char board[NAME];
	snprintf(board, sizeof(board), "%s", text);
	struct gpu_match of_board = { .cc = VER2_NONE };
	return virtual && without_variant(board) && by_words(m, board, &of_board) ? of_board : out;
}
