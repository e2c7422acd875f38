/* report/json.h: the pieces that several JSON documents share. Only the JSON formats include it. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "report/report.h"

/* Keys of an object that is open: "tool", "errors". */
void json_put_tool(struct report *r);
void json_put_errors(struct json_out *j, const struct report_tail *t);
/* Elements of lists. */
void json_put_host(struct json_out *j, const struct report_host *h);
void json_put_target(struct json_out *j, const struct inventory *inv);
void json_put_finding(const struct report *r, struct json_out *j, const struct finding *f);

#endif
