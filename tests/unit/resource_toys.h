/* Three small kinds with every kind of field, over tables of their own. */
#ifndef TOCSIN_TESTS_RESOURCE_TOYS_H
#define TOCSIN_TESTS_RESOURCE_TOYS_H

#include "resource_fixture.h"

static const EnumValue COLOURS[] = {{"red", 1}, {"green", 2}, {"blue", 3}, {NULL}};

static const Field PERSON_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 20, .doc = "Name."},
    {.name = "email", .kind = F_EMAIL, .required = true, .unique = true, .doc = "E-mail."},
};
static const Resource PERSON = {.name = "person",
                                .plural = "people",
                                .prefix = "per",
                                .table = "person",
                                .doc = "Somebody.",
                                FIELDS(PERSON_FIELDS),
                                .lookup = "email",
                                .verbs = VERBS_ALL};

static const Field PERSON_PART[] = {{.name = "id", .kind = F_REF, .ref = "person", .required = true, .doc = "Who."}};
static const Field BOX_PART[] = {{.name = "id", .kind = F_REF, .ref = "box", .required = true, .doc = "Which."},
                                 {.name = "count", .kind = F_INT, .min = 1, .max = 9, .def = "1", .doc = "How many."}};
static const Field PART_VARIANTS[] = {{.name = "person", .kind = F_OBJECT, FIELDS(PERSON_PART), .doc = "A person."},
                                      {.name = "box", .kind = F_OBJECT, FIELDS(BOX_PART), .doc = "A box."}};
static const Field PART_ITEM = {
    .kind = F_UNION, .tag = "kind", .required = true, FIELDS(PART_VARIANTS), .doc = "A part."};
static const Field SIDE_FIELDS[] = {
    {.name = "width", .kind = F_INT, .min = 1, .max = 100, .def = "10", .doc = "Width."},
    {.name = "starts", .kind = F_LOCAL_TIME, .doc = "Local time."}};

static const Field BOX_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .max = 40, .doc = "Name."},
    {.name = "size", .kind = F_INT, .min = 0, .max = 100, .def = "5", .filter = "box_size", .doc = "Size."},
    {.name = "open", .kind = F_BOOL, .def = "false", .doc = "Open."},
    {.name = "colour",
     .kind = F_ENUM,
     .values = COLOURS,
     .numbered = true,
     .def = "red",
     .filter = FILTER_SCAN,
     .doc = "Colour."},
    {.name = "person_id", .kind = F_REF, .ref = "person", .filter = FILTER_SCAN, .doc = "Whose."},
    {.name = "made_at", .kind = F_TIME, .doc = "When."},
    {.name = "zone", .kind = F_ZONE, .doc = "Where."},
    {.name = "priority", .kind = F_PRIORITY, .filter = FILTER_SCAN, .doc = "How urgent."},
    {.name = "labels", .kind = F_LABELS, .doc = "Labels."},
    {.name = "parts", .kind = F_LIST, .of = &PART_ITEM, .max = 3, .doc = "Parts."},
    {.name = "side", .kind = F_OBJECT, FIELDS(SIDE_FIELDS), .doc = "Side."},
    {.name = "secret", .kind = F_TEXT, .write_only = true, .doc = "Secret."},
    {.name = "model", .kind = F_TEXT, .immutable = true, .doc = "Model."},
    {.name = "rule", .kind = F_CEL, .cel = "toy", .doc = "An expression."},
};
static const SortField BOX_SORTS[] = {{"size", "box_size"}, {NULL}};
static const Resource BOX = {.name = "box",
                             .plural = "boxes",
                             .prefix = "box",
                             .table = "box",
                             .doc = "A box.",
                             FIELDS(BOX_FIELDS),
                             .has_slug = true,
                             .verbs = VERBS_ALL,
                             .sorts = BOX_SORTS,
                             .team_column = "person_id"};

static const Field LID_FIELDS[] = {
    {.name = "box_id",
     .kind = F_REF,
     .ref = "box",
     .required = true,
     .immutable = true,
     .owner = true,
     .doc = "Whose."},
    {.name = "twin_id", .kind = F_REF, .ref = "lid", .doc = "Another."},
};
static const Resource LID = {.name = "lid",
                             .plural = "lids",
                             .prefix = "lid",
                             .table = "lid",
                             .doc = "Belongs to a box.",
                             FIELDS(LID_FIELDS),
                             .verbs = VERBS_ALL};

static const Field TICKET_FIELDS[] = {{.name = "title", .kind = F_TEXT, .read_only = true, .doc = "Title."}};
static const Resource TICKET = {.name = "ticket",
                                .plural = "tickets",
                                .prefix = "tic",
                                .table = "ticket",
                                .doc = "Has a number.",
                                FIELDS(TICKET_FIELDS),
                                .number = "TIC",
                                .verbs = VERBS_LOG};

static const Resource *const TOYS[] = {&PERSON, &BOX, &LID, &TICKET};

#define TAIL "created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, version BIGINT NOT NULL)"
static inline void toys_sql(Fixture *f, const char *sql) {
  if (!db_exec_text(f->db, str_from_c(sql), 0, NULL, NULL, &f->err)) fail_msg("%s", f->err.message);
}

static int toys_open(void **state) {
  Fixture *f = calloc(1, sizeof *f);
  fixture_open(f, TOYS, COUNT(TOYS));
  f->ctx.org_id = 1;
  toys_sql(f, "CREATE TABLE person (id BIGINT PRIMARY KEY, org_id BIGINT NOT NULL, name TEXT NOT NULL, email TEXT NOT "
              "NULL, " TAIL);
  toys_sql(f, "CREATE TABLE box (id BIGINT PRIMARY KEY, org_id BIGINT NOT NULL, slug TEXT NOT NULL, name TEXT NOT "
              "NULL, size BIGINT NOT NULL, "
              "open BOOLEAN NOT NULL, colour BIGINT NOT NULL, person_id BIGINT, made_at BIGINT, zone TEXT, priority "
              "BIGINT NOT NULL, "
              "labels TEXT NOT NULL, parts TEXT NOT NULL, side TEXT, secret TEXT, model TEXT, rule TEXT, " TAIL);
  toys_sql(f, "CREATE INDEX box_size ON box (org_id, size, id)");
  toys_sql(
      f,
      "CREATE TABLE lid (id BIGINT PRIMARY KEY, org_id BIGINT NOT NULL, box_id BIGINT NOT NULL, twin_id BIGINT, " TAIL);
  toys_sql(
      f,
      "CREATE TABLE ticket (id BIGINT PRIMARY KEY, org_id BIGINT NOT NULL, number BIGINT NOT NULL, title TEXT, " TAIL);
  *state = f;
  return 0;
}

static int toys_close(void **state) {
  fixture_close(*state);
  free(*state);
  return 0;
}
#define TOY_TEST(fn) cmocka_unit_test_setup_teardown(fn, toys_open, toys_close)

#endif
