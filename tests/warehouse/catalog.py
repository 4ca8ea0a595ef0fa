"""A schema as PostgreSQL's catalog describes it, line by line: to compare warehouses that were made in two ways."""

import sqlalchemy as sa

_CATALOG = """
SELECT concat_ws(' | ', 'schema', nspname, obj_description(oid, 'pg_namespace'), nspacl::text) AS line
FROM pg_namespace WHERE nspname IN ('curated', 'ops', 'staging')
UNION ALL
SELECT concat_ws(' | ', 'table', c.oid::regclass, obj_description(c.oid, 'pg_class'), c.relacl::text)
FROM pg_class c WHERE c.relkind IN ('r', 'v') AND c.relnamespace IN ('curated'::regnamespace, 'ops'::regnamespace)
UNION ALL
SELECT concat_ws(' | ', 'column', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'not null' END, col_description(c.oid, a.attnum))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
    AND c.relnamespace IN ('curated'::regnamespace, 'ops'::regnamespace)
UNION ALL
SELECT concat_ws(' | ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace IN ('curated'::regnamespace, 'ops'::regnamespace) AND contype <> 'n'
UNION ALL
SELECT concat_ws(' | ', 'index', indexdef) FROM pg_indexes WHERE schemaname IN ('curated', 'ops')
UNION ALL
SELECT concat_ws(' | ', 'default rights', defaclnamespace::regnamespace, defaclobjtype, defaclacl::text)
FROM pg_default_acl
"""


def catalog(engine: sa.Engine) -> list[str]:
    """Every schema, table, column, constraint, index, comment and right, in alphabetical order."""
    with engine.connect() as connection:
        return sorted(connection.execute(sa.text(_CATALOG)).scalars())
