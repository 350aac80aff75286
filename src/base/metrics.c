/* Metrics. The registry's lock guards the list; each metric's lock its label sets. Counters without labels are atomic. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"

enum { SETS_MAX = 200, BOUNDS_MAX = 24 };

typedef enum MetricType { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_FUNCTION } MetricType;

typedef struct LabelSet {
  char *values; /* joined by commas */
  double value;
} LabelSet;

struct Metric {
  const char *name, *help, *labels;
  MetricType type;
  pthread_mutex_t lock; /* guards all below */
  LabelSet *sets;
  size_t set_count;
  double value, sum;
  u64 count;
  double bounds[BOUNDS_MAX];
  u64 buckets[BOUNDS_MAX];
  size_t bound_count;
  double (*read)(void *);
  void *ctx;
  Metric *next;
};

struct Metrics {
  pthread_mutex_t lock; /* guards the list */
  Metric *first, **last;
};

Metrics *metrics_new(void) {
  Metrics *metrics = xcalloc(1, sizeof *metrics);
  pthread_mutex_init(&metrics->lock, NULL);
  metrics->last = &metrics->first;
  return metrics;
}

void metrics_free(Metrics *metrics) {
  if (!metrics) return;
  for (Metric *m = metrics->first, *next; m; m = next) {
    next = m->next;
    for (size_t i = 0; i < m->set_count; i++) free(m->sets[i].values);
    free(m->sets);
    pthread_mutex_destroy(&m->lock);
    free(m);
  }
  pthread_mutex_destroy(&metrics->lock);
  free(metrics);
}

/* Asked twice for a name, it gives the same metric. */
static Metric *metric_make(Metrics *metrics, const char *name, const char *help, const char *labels, MetricType type) {
  pthread_mutex_lock(&metrics->lock);
  Metric *m = metrics->first;
  while (m && strcmp(m->name, name) != 0) m = m->next;
  if (!m) {
    m = xcalloc(1, sizeof *m);
    m->name = name;
    m->help = help;
    m->labels = labels;
    m->type = type;
    pthread_mutex_init(&m->lock, NULL);
    *metrics->last = m;
    metrics->last = &m->next;
  }
  pthread_mutex_unlock(&metrics->lock);
  return m;
}

Metric *metrics_counter(Metrics *metrics, const char *name, const char *help, const char *labels) {
  return metric_make(metrics, name, help, labels, METRIC_COUNTER);
}
Metric *metrics_gauge(Metrics *metrics, const char *name, const char *help, const char *labels) {
  return metric_make(metrics, name, help, labels, METRIC_GAUGE);
}
Metric *metrics_histogram(Metrics *metrics, const char *name, const char *help, const double *bounds, size_t count) {
  Metric *m = metric_make(metrics, name, help, NULL, METRIC_HISTOGRAM);
  m->bound_count = MIN(count, (size_t)BOUNDS_MAX);
  memcpy(m->bounds, bounds, m->bound_count * sizeof(double));
  return m;
}
void metrics_gauge_fn(Metrics *metrics, const char *name, const char *help, double (*read)(void *), void *ctx) {
  Metric *m = metric_make(metrics, name, help, NULL, METRIC_FUNCTION);
  m->read = read;
  m->ctx = ctx;
}

/* The value that belongs to these labels; past the cap everything new is "other". */
static double *label_value(Metric *m, const char *values) {
  if (!values) return &m->value;
  for (size_t i = 0; i < m->set_count; i++)
    if (strcmp(m->sets[i].values, values) == 0) return &m->sets[i].value;
  if (m->set_count >= SETS_MAX && strcmp(values, "other") != 0) return label_value(m, "other");
  m->sets = xrealloc(m->sets, (m->set_count + 1) * sizeof(LabelSet));
  m->sets[m->set_count] = (LabelSet){.values = xstrdup(values)};
  return &m->sets[m->set_count++].value;
}

void metric_add(Metric *metric, const char *values, double by) {
  pthread_mutex_lock(&metric->lock);
  *label_value(metric, values) += by;
  pthread_mutex_unlock(&metric->lock);
}

void metric_set(Metric *metric, const char *values, double to) {
  pthread_mutex_lock(&metric->lock);
  *label_value(metric, values) = to;
  pthread_mutex_unlock(&metric->lock);
}

void metric_observe(Metric *metric, double value) {
  pthread_mutex_lock(&metric->lock);
  metric->count++;
  metric->sum += value;
  for (size_t i = 0; i < metric->bound_count; i++)
    if (value <= metric->bounds[i]) {
      metric->buckets[i]++;
      break;
    }
  pthread_mutex_unlock(&metric->lock);
}

/* Text ---------------------------------------------------------------------------------------------------------------- */

static void write_label_value(Buf *out, Str value) {
  for (size_t i = 0; i < value.len; i++) {
    if (value.ptr[i] == '\n') buf_puts(out, "\\n");
    else {
      if (value.ptr[i] == '"' || value.ptr[i] == '\\') buf_putc(out, '\\');
      buf_putc(out, value.ptr[i]);
    }
  }
}

static void write_labels(Buf *out, const Metric *m, Str values) {
  Str names = str_from_c(m->labels ? m->labels : "value"), name = names, value = values;
  bool first = true;
  buf_putc(out, '{');
  while (name.len || first) {
    Str rest_names = STR_NONE, rest_values = STR_NONE;
    if (!str_cut(names, ',', &name, &rest_names)) name = names;
    if (!str_cut(values, ',', &value, &rest_values)) value = values;
    buf_format(out, "%s%.*s=\"", first ? "" : ",", STR_ARG(name));
    write_label_value(out, value);
    buf_putc(out, '"');
    first = false;
    names = rest_names;
    values = rest_values;
    if (names.len == 0) break;
  }
  buf_putc(out, '}');
}

static void write_histogram(Buf *out, const Metric *m) {
  u64 total = 0;
  for (size_t i = 0; i < m->bound_count; i++) {
    total += m->buckets[i];
    buf_format(out, "%s_bucket{le=\"", m->name);
    buf_double(out, m->bounds[i]);
    buf_format(out, "\"} %llu\n", (unsigned long long)total);
  }
  buf_format(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum ", m->name, (unsigned long long)m->count, m->name);
  buf_double(out, m->sum);
  buf_format(out, "\n%s_count %llu\n", m->name, (unsigned long long)m->count);
}

static void write_one(Buf *out, Metric *m) {
  static const char *const TYPES[] = {"counter", "gauge", "histogram", "gauge"};
  buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, TYPES[m->type]);
  double read = m->type == METRIC_FUNCTION ? m->read(m->ctx) : 0;
  pthread_mutex_lock(&m->lock);
  if (m->type == METRIC_HISTOGRAM) {
    write_histogram(out, m);
  } else if (!m->labels) {
    buf_format(out, "%s ", m->name);
    buf_double(out, m->type == METRIC_FUNCTION ? read : m->value);
    buf_putc(out, '\n');
  }
  for (size_t i = 0; i < m->set_count; i++) {
    buf_puts(out, m->name);
    write_labels(out, m, str_from_c(m->sets[i].values));
    buf_putc(out, ' ');
    buf_double(out, m->sets[i].value);
    buf_putc(out, '\n');
  }
  pthread_mutex_unlock(&m->lock);
}

void metrics_write(Metrics *metrics, Buf *out) {
  pthread_mutex_lock(&metrics->lock);
  Metric *m = metrics->first;
  pthread_mutex_unlock(&metrics->lock);
  for (; m; m = m->next) write_one(out, m);
}
