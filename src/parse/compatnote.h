/* parse/compatnote.h: the JSON in the ELF note .note.cuda.fwd_compatibility of forward-compat libcudas. scan and tests include it. */
#ifndef PARSE_COMPATNOTE_H
#define PARSE_COMPATNOTE_H

#include "base/cur.h"
#include "base/mem.h"
#include "base/version.h"

struct compat_note {
	struct ver2 cuda;   /* "CUDA version" */
	LIST(int) drivers;  /* host driver branches that it may be used with; empty where it does not say */
	LIST(int) devices;  /* nvmlBrandType_t values, as it seems */
};

/* Keys are compared without regard to case. false if it is no such note (or memory ran out). */
bool compat_note_parse(struct span text, struct arena *a, struct compat_note *out);

#endif
