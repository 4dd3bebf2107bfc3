/* metrics - counters and gauges in Prometheus' text format (exposition format 0.0.4).
 *
 * One writer for a text file (node_exporter's textfile collector), the daemon's endpoint and
 * the log checks' own metrics.
 */
#ifndef SPAMGEAR_REPORT_METRICS_H
#define SPAMGEAR_REPORT_METRICS_H

#include "spamgear/base/span.h"
#include "spamgear/base/strbuf.h"
#include <stdint.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

/* HELP and TYPE of a family; each family once, its samples right behind. Appends. */
void metrics_family(struct strbuf *out, const char *name, enum metric_type type, const char *help);
/* A sample; label NULL: none. Values of labels are escaped. */
void metrics_sample(struct strbuf *out, const char *name, const char *label, struct span value,
                    double number);

/* The same with several labels. */
struct metric_label {
    const char *name;
    struct span value;
};
void metrics_sample_of(struct strbuf *out, const char *name, const struct metric_label *labels,
                       size_t count, double number);

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8" /* of such a text */

#define METRICS_HTTP_MAX (16u << 10) /* bytes of a request */
/* Answers one HTTP/1.x request (RFC 9112) at the start of bytes: GET and HEAD of a path for which
 * page fills body and gives its type (NULL: there is no such path); else 404, 405, 400. How many
 * bytes it took, 0: not whole. */
size_t metrics_http(struct span bytes, struct strbuf *answer, bool *close,
                    const char *(*page)(void *state, struct span path, struct strbuf *body),
                    void *state);

#endif
