/* Jobs: verbs on many rows, and how far they have come. Made by bulk_job.c; people read, and may cancel. */
#include "core/resources.h"

static const EnumValue STATUSES[] = {{"running", 0, "Works, some rows at a time."},
                                     {"done", 0, "Every row was tried."},
                                     {"cancelled", 0, "Somebody ended it; what was done stays done."},
                                     {"stopped", 0, "It could not go on: reason says why."},
                                     {NULL}};

static const Field FAILURE_FIELDS[] = {
    {.name = "id", .kind = F_TEXT, .required = true, .doc = "Which, as it was given."},
    {.name = "status", .kind = F_INT, .required = true, .doc = "What a call for it alone would have answered."},
    {.name = "code", .kind = F_TEXT, .required = true, .doc = "For programs."},
    {.name = "detail", .kind = F_TEXT, .required = true, .doc = "What was wrong, and what to do."}};
static const Field FAILURE = {.kind = F_OBJECT, .required = true, FIELDS(FAILURE_FIELDS), .doc = "One row."};

static const Field JOB_FIELDS[] = {
    {.name = "area", .kind = F_TEXT, .required = true, .read_only = true, .doc = "Which kind: alerts."},
    {.name = "verb", .kind = F_TEXT, .required = true, .read_only = true, .doc = "What is done: acknowledge."},
    {.name = "filter", .kind = F_TEXT, .read_only = true, .doc = "By which they were chosen; null: by their ids."},
    {.name = "status",
     .kind = F_ENUM,
     .values = STATUSES,
     .required = true,
     .read_only = true,
     .filter = FILTER_SCAN,
     .doc = "How it stands."},
    {.name = "reason", .kind = F_TEXT, .read_only = true, .doc = "Why it stopped."},
    {.name = "total", .kind = F_INT, .required = true, .read_only = true, .doc = "Rows that are meant."},
    {.name = "done", .kind = F_INT, .required = true, .read_only = true, .doc = "Rows that went well."},
    {.name = "failed", .kind = F_INT, .required = true, .read_only = true, .doc = "Rows that were refused."},
    {.name = "failures",
     .kind = F_LIST,
     .of = &FAILURE,
     .required = true,
     .read_only = true,
     .doc = "The first 100 of them; shown to whoever asked for it, and to administrators."},
    {.name = "created_by", .kind = F_ACTOR, .required = true, .read_only = true, .doc = "Who asked for it."},
    {.name = "user_id", .kind = F_REF, .ref = "user", .read_only = true, .doc = "The person; null: a service's key."},
    {.name = "finished_at", .kind = F_TIME, .read_only = true, .doc = "When it ended; null: it runs."},
};

/* What was refused may be about things that others do not see. */
static void job_render(ResourceCtx *ctx, const Value *row, MapBuilder *out) {
  i64 user_id = resource_ref_id(ctx->registry, value_get_c(row, "user_id"));
  bool own = !ctx->sight || ctx->administrator || (user_id && ctx->sight->user_id == user_id);
  if (!own) map_put_c(out, "failures", (Value){.kind = VALUE_LIST});
}

const Resource BULK_JOB = {
    .name = "job",
    .plural = "jobs",
    .prefix = "job",
    .table = "bulk_job",
    .doc = "A verb on many rows, which works some at a time.",
    FIELDS(JOB_FIELDS),
    .verbs = VERBS_LOG,
    .default_sort = "-id",
    .owner_column = "user_id",
    .render = job_render,
};
