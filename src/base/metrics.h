/* Metrics: counters, gauges and histograms in Prometheus text form. Handles are made once at start and used from any
 * thread; a labelled metric keeps at most 200 label values, further ones count under "other". */
#ifndef TOCSIN_BASE_METRICS_H
#define TOCSIN_BASE_METRICS_H

#include "base/buf.h"

typedef struct Metrics Metrics;
typedef struct Metric Metric;

Metrics *metrics_new(void);
void metrics_free(Metrics *metrics);
/* `labels` is NULL or label names joined by commas ("kind,outcome"). Names follow Prometheus' rules and are literals.
 */
Metric *metrics_counter(Metrics *metrics, const char *name, const char *help, const char *labels);
Metric *metrics_gauge(Metrics *metrics, const char *name, const char *help, const char *labels);
/* Bounds ascending, in the metric's unit (seconds for times). */
Metric *metrics_histogram(Metrics *metrics, const char *name, const char *help, const double *bounds, size_t count);
/* A gauge read at scrape time. */
void metrics_gauge_fn(Metrics *metrics, const char *name, const char *help, double (*read)(void *), void *ctx);

/* `values` are label values joined by commas in the order of names; NULL without labels. */
void metric_add(Metric *metric, const char *values, double by);
void metric_set(Metric *metric, const char *values, double to);
void metric_observe(Metric *metric, double value);
void metrics_write(Metrics *metrics, Buf *out);

#endif
