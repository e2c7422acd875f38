/*
 * check/remedy.h: what would help. Inside check only. A remedy is a command or
 * a version; one whose change can be told is tried, and left out if it does
 * not end the finding or makes another error.
 */
#ifndef CHECK_REMEDY_H
#define CHECK_REMEDY_H

#include "check/rule.h"

/* The target and the host with one change, which the caller makes in `inv` or `host`, or with what stands below. */
struct trial {
	const struct facts *f;
	struct inventory inv; /* borrowed but for what inventory_borrow copies */
	struct host host;
	bool driver;          /* the one change is the driver's */
	bool kept;            /* the judge owns `inv`, which is not to be written any more */
	bool untold;          /* what the change does cannot be told of this target */
};
/* false where nothing is to be tried: no remedy is then wanted, or memory ran out. */
bool trial_begin(const struct facts *f, struct trial *t);
void trial_env(struct trial *t, const char *name, const char *value);
void trial_driver(struct trial *t, const char *version);
/* An installed package gets another version: its files are then of that version, or, where it has GPU code, not known at all. Facts of it go to `a`. */
void trial_package(struct trial *t, struct arena *a, const struct package *old, const char *version);
/* The libraries of a package are gone. */
void trial_drop(struct trial *t, const char *owner, const char *environment);
/* What became of a finding; frees the trial. */
enum remedy_check trial_end(struct trial *t, struct out *out, const struct finding *x);
/* The same of a trial that was judged by other means; `now` NULL: memory ran out. */
enum remedy_check remedy_tells(const struct facts *f, struct out *out, const struct finding *x, const struct result *now);

/* Adds a remedy unless it fails. */
void add_tried(struct out *out, struct finding *x, enum remedy_check said, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* "ENV NAME=VALUE" */
void remedy_env(const struct facts *f, struct out *out, struct finding *x, const char *name, const char *value);
/* LD_LIBRARY_PATH as it would be without a folder (or what stands for it: compat and stubs by any path); nothing where it is not in there. */
void remedy_without(const struct facts *f, struct out *out, struct finding *x, const char *dir);
/* The image without its compat packages. */
void remedy_no_compat(const struct facts *f, struct out *out, struct finding *x);

/* A base image with a glibc, and a libstdc++ ("3.4.30"), as new as these; either may be NULL. */
void remedy_base(const struct facts *f, struct out *out, struct finding *x, const char *glibc, const char *glibcxx);
/* The distribution's package that brings a library; nothing where its distribution is not known. */
void remedy_system_library(const struct facts *f, struct out *out, struct finding *x, const char *soname);

/* A newer driver; left out where it would drop the host's GPUs. */
void remedy_driver(const struct facts *f, struct out *out, struct finding *x, const char *version);
/* A host whose runtime brings the driver in. */
void remedy_runtime(const struct facts *f, struct out *out, struct finding *x, const char *text);

/* "torch==2.5.1+cu124 --index-url ...": what pip takes for a version; NULL: any. */
const char *pip_name(struct out *out, const char *name, const char *version);

/* A word of a command as a shell takes it: names, paths and values are the target's, and may hold anything. In the arena. */
const char *shell_word(struct out *out, const char *s);
/* Of a package that is only named: its files, so that they can be read. */
void remedy_look_inside(const struct facts *f, struct out *out, struct finding *x, const struct package *p);
/* A distribution that is there twice: away with both, then one. */
void remedy_once(struct out *out, struct finding *x, const char *name, const char *version);
/* "pip install NAME==VERSION" in an environment. */
void remedy_package(const struct facts *f, struct out *out, struct finding *x, const char *name, const char *environment, const char *version);
/* The newest CUDA build of the torch that is there, where no host says which one fits; of one CUDA major, or 0. */
void remedy_cuda_torch(const struct facts *f, struct out *out, struct finding *x, const struct package *torch, short major);
/* torch, or what is released with it and replaced together with it. */
bool torch_family(const struct package *p);
/* A release, or a build, that has code for a GPU. */
void remedy_kernels(const struct facts *f, struct out *out, struct finding *x, const struct package *p, const struct gpu_facts *gpu);
/* torch variants that pass on this host, the nearest. */
void remedy_torch(const struct facts *f, struct out *out, struct finding *x, const struct package *torch);

#endif
