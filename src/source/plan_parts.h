/* source/plan_parts.h: the pieces that plan.c and plan_read.c share. Inside source alone. */
#ifndef SOURCE_PLAN_PARTS_H
#define SOURCE_PLAN_PARTS_H

#include <jansson.h>

#include "source/plan.h"

/* Where an OCI layout, dir: and a registry keep the blob of a digest. */
enum plan_layout { LAYOUT_OCI, LAYOUT_DIR, LAYOUT_REGISTRY };

struct planner {
	struct store *s;
	struct plan *p;
	enum plan_layout layout;
	const char *platform; /* LAYOUT_REGISTRY: other manifests of an index are not fetched; NULL: as docker chooses */
	unsigned manifests; /* read so far, against LIMIT_MANIFESTS */
	bool nomem;
};

/* A copy in the plan's arena; NULL for NULL. Running out of memory sticks in nomem. */
const char *plan_keep(struct planner *r, const char *s);

/* One line for the report: of an image, or with image NULL of the whole. */
void plan_gap(struct planner *r, struct plan_image *image, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The JSON text of a member; NULL with err where it is absent or broken. The caller's. */
json_t *plan_json(struct planner *r, const char *member, struct err *err);

/* The config's facts into image->config; diff_ids and history lines into its layers. Trouble is a gap. */
void plan_config(struct planner *r, struct plan_image *image, const char *member);

/* Reads manifest.json of docker-archive. */
int plan_docker(struct planner *r, struct err *err);

/* Is an image for OS and architecture of that platform? What is not stated (NULL) may be. */
bool plan_platform_fits(const char *platform, const char *os, const char *architecture, const char *variant);

/* Reads what a registry's name stands for. */
int plan_registry(struct planner *r, struct err *err);

/* Reads an index or manifest of OCI or docker v2s2, and what it names. */
int plan_oci(struct planner *r, const char *member, struct err *err);

#endif
