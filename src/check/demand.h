/*
 * check/demand.h: what a target asks for, whatever the host: computed once a
 * target, so that many hosts cost little. Inside check only.
 */
#ifndef CHECK_DEMAND_H
#define CHECK_DEMAND_H

#include "check/check.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

/* How a package's code meets a GPU. */
enum cover { COVER_UNKNOWN, COVER_NATIVE, COVER_JIT, COVER_JIT_UNKNOWN, COVER_JIT_TOO_NEW, COVER_NONE, COVER_NOT_APPLICABLE };
struct coverage {
	enum cover cover;
	const struct library *library; /* that decides; NULL for a declared package */
	size_t also;                   /* further libraries with the same answer */
	struct ptx_target ptx;         /* of the JIT answers: the one that fits best */
	struct sm native;
};

/* A release of cuDNN or NCCL that a package is, or carries, and which GPUs it has code for. */
struct carried { const char *component, *version; const struct row_library_gpus *row; };

/* How code meets a GPU, where that hangs on its capability alone; the first few capabilities that are asked for. */
struct covers { size_t n; struct { struct ver2 cc; struct coverage c; } v[24]; };

struct package_demand {
	bool cuda;      /* GPU code of its own, made for CUDA: no carrier of NVIDIA's libraries */
	bool generator; /* it makes its GPU code at run time */
	const struct row_package_floors *floor;        /* NULL: none is known */
	LIST(const struct library *) code;             /* its libraries with GPU code */
	struct covers *covers;                         /* NULL: driver or a choice of libraries have a say */
	LIST(struct carried) carried;
	LIST(const struct row_known_bad *) known_bad;  /* rows that fit the target; the GPU is still to be looked at */
};

struct demand {
	struct package_demand *packages; /* one for each of the inventory's, in their order */
	bool gpu_software; /* the target has any */
	bool gpu_intent;   /* a sign that it means to use a GPU: NVIDIA_* in ENV, CUDA packages or libraries, --expect gpu */
	bool image;        /* it stands for a container image */
	bool env_known;
	LIST(struct finding) anywhere; /* what holds on every host */
};

/* All but `anywhere`. -1 when memory runs out. */
int demand_build(struct demand *d, const struct inventory *inv, const struct matrix *m, const struct check_options *o, struct arena *a);

#endif
