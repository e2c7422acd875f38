/* scan/wish.h: what a requirement, a requirements file or a lock file asks for: declared, or picked from indexes and read. Inside scan only. */
#ifndef SCAN_WISH_H
#define SCAN_WISH_H

#include <stdbool.h>

#include "parse/simpleindex.h"
#include "parse/wheelmeta.h"
#include "scan/job.h"

struct wish {
	const char *text;       /* as written: "torch==2.8.0" */
	const char *name, *spec; /* PEP 503; "" for any */
	const char *extras;     /* "a,b"; "" for none */
	const char *url;        /* of "name @ url"; NULL */
	const char *index;      /* the index that it is from, as a lock says; NULL */
	LIST(const char *) sha256; /* of files that are allowed; none: all */
	struct index_page own;  /* the files that a lock names, with absolute URLs */
};

struct wishes {
	LIST(struct wish) v;
	LIST(const char *) indexes; /* that the file names: --index-url first */
	LIST(const char *) pages;   /* of --find-links: only their addresses are looked at */
	const char *python;         /* versions of Python that it is for (">=3.10"); NULL: any */
	bool lock;                  /* of a file: metadata is enough */
};

/* Adds what a PEP 508 line says; texts in the arena. 1; 0 where its marker is for other systems, -1 memory, -2 no requirement. */
int wish_add(struct wishes *w, struct arena *a, struct span line, const char *python, const char *machine);

/* An inventory of what is asked for, for derive to complete from the tables. */
int wishes_declare(struct scan_job *job, const struct wishes *w, struct err *err);

/* An inventory of the wheels that pip would take, read where they are. */
int wishes_fetch(struct scan_job *job, const struct wishes *w, struct err *err);

/* The one or the other, as the options say. */
int wishes_scan(struct scan_job *job, const struct wishes *w, struct err *err);

/* A new inventory of that kind, for the platform of the options. NULL when memory runs out. */
struct inventory *wishes_inventory(struct scan_job *job, enum target_kind kind, struct err *err);

#endif
