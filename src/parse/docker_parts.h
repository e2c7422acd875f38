/* parse/docker_parts.h: what the reader of Dockerfiles and the one of histories share. Only they include it. */
#ifndef PARSE_DOCKER_PARTS_H
#define PARSE_DOCKER_PARTS_H

#include "base/buf.h"
#include "base/cur.h"

/* Stands in a text for what nobody knows here: any bytes. No Dockerfile's text holds it otherwise: it is no character. */
#define DOCKER_WILDCARD '\001'

/* Appends s with each run of blanks and line ends as one blank, none at its ends. */
void docker_squeeze(struct buf *b, struct span s);

#endif
