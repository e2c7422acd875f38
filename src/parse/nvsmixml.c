#include "parse/nvsmixml.h"

#include <expat.h>

#include "base/limits.h"

enum { STEP = 1 << 16 }; /* bytes given to expat at once: it takes an int */

/* What is known of the document at the place that expat has reached. */
struct reading {
	XML_Parser parser;
	struct arena *a;
	struct err *err;
	struct machine seen;
	unsigned depth;
	bool in_gpu, root_ok;
	char element[32];             /* the innermost one; "" where its name is longer than any of ours */
	char text[LIMIT_GPU_NAME + 1]; /* of the innermost one */
	size_t text_n;
	char name[LIMIT_GPU_NAME + 1], brand[LIMIT_GPU_NAME + 1], cc[8];
};

static void stop(struct reading *r, enum err_kind kind, const char *why)
{
	err_set(r->err, kind, "%s", why);
	XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL element_begins(void *user, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *r = user;
	(void)attributes;
	size_t n = strlen(name);
	if (++r->depth > LIMIT_XML_DEPTH)
		return stop(r, ERR_LIMIT, "XML elements are nested too deep");
	if (r->depth == 1)
		r->root_ok = !strcmp(name, "nvidia_smi_log");
	if (r->depth == 2 && !strcmp(name, "gpu")) {
		r->in_gpu = true;
		r->name[0] = r->brand[0] = r->cc[0] = '\0';
	}
	memcpy(r->element, name, n < sizeof(r->element) ? n + 1 : 0);
	if (n >= sizeof(r->element))
		r->element[0] = '\0';
	r->text_n = 0;
}

static void XMLCALL text_comes(void *user, const XML_Char *s, int n)
{
	struct reading *r = user;
	for (int i = 0; i < n && r->text_n < LIMIT_GPU_NAME; i++)
		if (r->text_n || (s[i] != ' ' && s[i] != '\n' && s[i] != '\t' && s[i] != '\r'))
			r->text[r->text_n++] = s[i];
}

static void keep(char *out, size_t cap, struct span s)
{
	if (s.n >= cap)
		s.n = 0;
	if (s.n)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

/* Facts of the machine stand in elements two deep, those of a GPU three deep; the same names deeper down are of other things. */
static int element_says(struct reading *r, struct span text)
{
	if (!r->root_ok)
		return 0;
	if (r->depth == 2) {
		if (!strcmp(r->element, "driver_version") || !strcmp(r->element, "kmd_version"))
			return machine_set_driver(&r->seen, text, r->a, r->err);
		if (!strcmp(r->element, "cuda_version") || !strcmp(r->element, "cuda_umd_version"))
			machine_set_cuda(&r->seen, text);
	} else if (r->depth == 3 && r->in_gpu) {
		if (!strcmp(r->element, "product_name"))
			keep(r->name, sizeof(r->name), text);
		if (!strcmp(r->element, "product_brand"))
			keep(r->brand, sizeof(r->brand), text);
		if (!strcmp(r->element, "compute_cap"))
			keep(r->cc, sizeof(r->cc), text);
	} else if (r->depth == 4 && r->in_gpu && !strcmp(r->element, "current_dm") && !span_says_nothing(text)) {
		r->seen.os = "windows"; /* only there drivers have a model: WDDM, TCC, MCDM */
	}
	return 0;
}

static void XMLCALL element_ends(void *user, const XML_Char *name)
{
	struct reading *r = user;
	struct span text = { (unsigned char *)r->text, r->text_n };
	while (text.n && strchr(" \t\r\n", text.p[text.n - 1]))
		text.n--;
	int got = element_says(r, text);
	if (got == 0 && r->depth == 2 && r->in_gpu && !strcmp(name, "gpu")) {
		got = machine_add_gpu(&r->seen, SPAN_STR(r->name), SPAN_STR(r->brand), ver2_parse(r->cc), 1, r->a, r->err);
		r->in_gpu = false;
	}
	r->element[0] = '\0';
	r->text_n = 0;
	r->depth--;
	if (got < 0)
		XML_StopParser(r->parser, XML_FALSE);
}

/* nvidia-smi names a DTD but declares no entity: what does is made to blow up. */
static void XMLCALL entity_comes(void *user, const XML_Char *name, int parameter, const XML_Char *value, int n,
				 const XML_Char *base, const XML_Char *system, const XML_Char *public, const XML_Char *notation)
{
	(void)name, (void)parameter, (void)value, (void)n, (void)base, (void)system, (void)public, (void)notation;
	stop(user, ERR_FORMAT, "XML that declares entities is not what nvidia-smi writes");
}

bool nvsmixml_is(struct span text)
{
	return span_find(text, "<nvidia_smi_log") < text.n;
}

static int feed(struct reading *r, struct span text)
{
	size_t at = 0;
	enum XML_Status status = XML_STATUS_OK;
	do {
		struct span piece = span_sub(text, at, STEP);
		at += piece.n;
		status = XML_Parse(r->parser, (const char *)piece.p, (int)piece.n, at == text.n);
	} while (status == XML_STATUS_OK && at < text.n);
	if (status == XML_STATUS_OK)
		return 0;
	enum XML_Error why = XML_GetErrorCode(r->parser);
	if (why == XML_ERROR_NO_MEMORY)
		return err_nomem(r->err);
	if (why == XML_ERROR_NO_ELEMENTS || why == XML_ERROR_UNCLOSED_TOKEN || why == XML_ERROR_PARTIAL_CHAR)
		return err_set(r->err, ERR_FORMAT, "the XML of nvidia-smi is cut off in line %lu", (unsigned long)XML_GetCurrentLineNumber(r->parser));
	return err_set(r->err, ERR_FORMAT, "the XML of nvidia-smi is broken in line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(r->parser),
		       XML_ErrorString(why));
}

int nvsmixml_parse(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	static const XML_Memory_Handling_Suite memory = { mem_alloc, mem_resize, mem_free };
	struct err own = ERR_INIT;
	struct reading r = { .a = a, .err = err ? err : &own, .seen = MACHINE_INIT };
	r.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
	if (!r.parser)
		return err_nomem(err);
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, element_begins, element_ends);
	XML_SetCharacterDataHandler(r.parser, text_comes);
	XML_SetEntityDeclHandler(r.parser, entity_comes);
	/* a log may have lines of the shell around the document, or more documents: of the same machine */
	static const char end[] = "</nvidia_smi_log>";
	size_t begin = span_find(text, "<?xml"), root = span_find(text, "<nvidia_smi_log");
	text = span_from(text, begin < root ? begin : root);
	int got = feed(&r, span_sub(text, 0, span_find(text, end) + sizeof(end) - 1));
	XML_ParserFree(r.parser);
	if (got < 0)
		return -1;
	if (!r.root_ok)
		return err_set(err, ERR_FORMAT, "the XML is not of nvidia-smi -q -x");
	machine_fill(m, &r.seen);
	return 0;
}
