/* fields: what a kind is made of, from the registry's tables. Needs no server. */
#include <stdio.h>
#include <string.h>

#include "cli/kinds.h"
#include "cli/verbs.h"
#include "core/resources.h"

enum { NAME_COLUMN = 26 };

/* "text, required", "one of high, low", "list of: ref to user". */
static void put_type(Buf *out, const Field *field) {
  if (field->kind == F_REF && field->ref)
    buf_format(out, "%s", field->ref);
  else if (field->kind == F_ENUM && field->values)
    for (const EnumValue *value = field->values; value->text; value++)
      buf_format(out, "%s%s", value == field->values ? "" : "|", value->text);
  else
    buf_puts(out, field_kind_name(field->kind));
  if (field->kind == F_LIST) {
    buf_puts(out, " of ");
    put_type(out, field->of);
  }
}

static void put_facts(Buf *out, const Field *field) {
  put_type(out, field);
  if (field->required) buf_puts(out, ", required");
  if (field->def) buf_format(out, ", default %s", field->def);
  if (field->write_only) buf_puts(out, ", never shown");
  if (field->read_only || field->computed)
    buf_puts(out, ", made by the server");
  else if (field->immutable)
    buf_puts(out, ", set at creation");
}

static void print_field(Arena *arena, const Field *field, const char *name, size_t depth) {
  Buf facts = buf_new(arena, KIB(16));
  int indent = (int)(2 * depth);
  put_facts(&facts, field);
  printf("%*s%-*s  %.*s\n", indent, "", NAME_COLUMN - indent, name, STR_ARG(buf_str(&facts)));
  printf("%*s  %s", NAME_COLUMN, "", field->doc);
  if (field->example) printf(" Such as %s", field->example);
  printf("\n");
}

static void print_fields(Arena *arena, const Field *fields, size_t count, size_t depth);

/* What lies inside: the members of a map, of each item of a list, of each variant. */
static void print_inside(Arena *arena, const Field *field, size_t depth) {
  while (field->kind == F_LIST) field = field->of;
  if (field->kind == F_OBJECT) print_fields(arena, field->fields, field->field_count, depth);
  for (size_t i = 0; field->kind == F_UNION && i < field->field_count; i++) {
    printf("%*swith %s: %s  %s\n", (int)(2 * depth), "", field->tag, field->fields[i].name, field->fields[i].doc);
    print_fields(arena, field->fields[i].fields, field->fields[i].field_count, depth + 1);
  }
}

static void print_fields(Arena *arena, const Field *fields, size_t count, size_t depth) {
  for (size_t i = 0; i < count; i++) {
    if (fields[i].hidden) continue;
    print_field(arena, &fields[i], fields[i].name, depth);
    print_inside(arena, &fields[i], depth + 1);
  }
}

static int run_fields(Verb *verb) {
  const Resource *kind = NULL;
  Error err = {0};
  if (!verb_word(verb, 0)) {
    for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++)
      printf("%-22s  %s\n", CORE_RESOURCES[i]->plural, CORE_RESOURCES[i]->doc);
    return EXIT_DONE;
  }
  if (!kind_find(str_from_c(verb_word(verb, 0)), &kind, &err)) return verb_usage("%s", err.message);
  printf("%s: %s\n\n", kind->plural, kind->doc);
  print_fields(verb->arena, kind->fields, kind->field_count, 0);
  return EXIT_DONE;
}

const VerbSpec FIELDS_VERB = {.name = "fields",
                              .usage = "fields [KIND]",
                              .doc = "What a kind is made of, with its defaults and examples; without KIND, the kinds.",
                              .run = run_fields,
                              .words_max = 1,
                              .local = true};
