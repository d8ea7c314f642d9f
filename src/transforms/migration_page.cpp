#include <string>

#include "transforms/field_table.hpp"
#include "transforms/field_value.hpp"
#include "transforms/migration_file.hpp"

namespace keyshift::transforms {

namespace {

constexpr std::string_view kIntroduction = R"(# The migration file

Generated from `src/transforms/field_table.cpp`, from which the reader and
[`schema/migration.schema.json`](schema/migration.schema.json) come as well; a test compares them. Change the table, then
write both anew with `KEYSHIFT_WRITE_DOCS=1 build/dev/test/unit_transforms`.

A migration file is YAML in UTF-8, at most 1 MiB: one document, no anchors, aliases or tags. The same text is the spec
of the Kubernetes resource. Everything that is wrong with it is told at once, each thing as
`file:line:column: error: what (hint)`, and the program ends with exit code 2.

```yaml
apiVersion: keyshift.io/v1alpha1
kind: Migration
metadata: {name: users-v2}
spec:
  from: {schema: shop, version: 1.4.0}
  to:   {schema: shop, version: 2.0.0}
  source: {url: "redis://redis:6379/0", passwordFrom: {file: /run/secrets/redis}}
  rules:
    - name: session
      from: {key: "sess:<token>"}
      to:   {key: "session:v2:<token>"}
    - name: profile
      from: {key: "user:<id:int>", type: hash}
      to:   {key: "{user:<id>}:profile"}
  policy: {conflict: keep-new}
```

Key patterns have [a page of their own](key-patterns.md).

## Fields

| field | holds | default | meaning |
|---|---|---|---|
)";

constexpr std::string_view kEnd = R"(
Fields in bold are required where the map that holds them is there.

## Refused by name, for now

A file that asks for one of these is refused, so that nobody believes that it would happen:

- `target`: moves to another store.
- `transforms`, and a `to.type` that differs from `from.type`: changes of values.
- With a `redis+cluster://` source, a rule whose two names need not lie in one slot. Both sides then need the same
  literals and captures in their hash tag, and the captures a class that holds no brace, as in `user:<id:int>` to
  `{user:<id>}:profile`. On a single server every rule is fine.

The settings of `verify`, `backup`, `cutover`, `bypass` and `limits.rehearsal_failures` are read and checked. They govern
the gates of a run that is driven through its phases; a proxy or a sweeper with rules and mode given by hand asks no
gate.

## Passwords

`source.url` may name a user, never a password: the file is not secret. `passwordFrom` says where the password is.
)";

std::string kind_of(const FieldRow& row) {
  switch (row.type) {
    case FieldType::map:
      return "fields";
    case FieldType::list:
      return "list";
    case FieldType::text:
      return "text";
    case FieldType::name:
      return "name: `a-z`, `0-9`, `-` inside";
    case FieldType::version:
      return "version, as 1.4.0";
    case FieldType::pattern:
      return "key pattern";
    case FieldType::url:
      return "Redis URL";
    case FieldType::integer:
      return "whole number, " + std::to_string(row.low) + " to " + std::to_string(row.high);
    case FieldType::number:
      return "number above " + std::to_string(row.low) + ", up to " + std::to_string(row.high);
    case FieldType::duration:
      return "time: ms, s, m, h, d";
    case FieldType::size:
      return "size: B, KiB, MiB, GiB";
    case FieldType::choice:
      return listed(row.choices);
    case FieldType::labels:
      return "texts by name";
    case FieldType::later:
      return "refused";
  }
  return {};
}

std::string line_of(const FieldRow& row) {
  const std::string path = "`" + std::string(row.path) + "`";
  const std::string fallback = row.fallback.empty() ? "" : "`" + std::string(row.fallback) + "`";
  return "| " + (row.required ? "**" + path + "**" : path) + " | " + kind_of(row) + " | " + fallback + " | " +
         std::string(row.meaning) + " |\n";
}

}  // namespace

std::string migration_file_page() {
  std::string page(kIntroduction);
  for (const FieldRow& row : migration_fields()) page += line_of(row);
  return page.append(kEnd);
}

}  // namespace keyshift::transforms
