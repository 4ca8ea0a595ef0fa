"""Generator of the next migration: the difference of the declarations in `definitions/schema` to the last revision.

`make migration WHY="Add the region of an account"` compares the declarations with an embedded PostgreSQL at the last
revision: tables, columns, types, comments, nullability, keys and indexes.
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Literal

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql

from definitions.errors import ConfigurationError
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.migrate import migrate, newest_version
from warehouse.migrations.scope import OPTIONS
from warehouse.tables import METADATA

VERSIONS = Path(__file__).parent / "versions"
_IMPORTS = {"sa.": "import sqlalchemy as sa", "op.": "from alembic import op"}
_NAME_LENGTH = 40
_DIALECT = "from sqlalchemy.dialects import postgresql"


def pending_operations(engine: sa.Engine, metadata: sa.MetaData = METADATA) -> ops.UpgradeOps:
    """Return the operations that bring a warehouse to the declared schema, with the reader's rights.

    Raises `ConfigurationError` for a new column that may not be null in a table that may have rows.
    """
    with engine.connect() as connection:
        found = produce_migrations(MigrationContext.configure(connection, opts=OPTIONS), metadata).upgrade_ops
    if found is None:  # Alembic returns None only for downgrades
        return ops.UpgradeOps([])
    for change in _flat(found):
        if isinstance(change, ops.AddColumnOp) and not change.column.nullable:
            raise ConfigurationError(
                f"{change.schema}.{change.table_name}.{change.column.name}: rows that are there have no value for a "
                "new column that is required. Declare it without `required`, let a run fill it, then require it."
            )
    _compact(found)
    # Default privileges apply only to tables of the account that set them; another one may migrate.
    created = [change for change in found.ops if isinstance(change, ops.CreateTableOp) and change.schema == "curated"]
    grants = (f"GRANT SELECT ON curated.{change.table_name} TO bantam_reader" for change in created)
    found.ops.extend(map(ops.ExecuteSQLOp, grants))
    return found


def write_revision(changes: ops.UpgradeOps, why: str, *, after: str, folder: Path = VERSIONS) -> Path | None:
    """Write the changes as the revision after `after`; return None, without a file, where there are none."""
    if changes.is_empty():
        return None
    revision = f"{int(after) + 1:04}"
    body = render_python_code(changes, render_item=_plainly)
    body = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("#"))
    imports = [line for name, line in _IMPORTS.items() if name in body]
    imports += [_DIALECT] if "postgresql." in body else []
    path = folder / f"{revision}_{_short_name(why)}.py"
    path.write_text(
        f'"""{why.rstrip(".")}."""\n\n{chr(10).join(imports)}\n\n'
        f'revision = "{revision}"\ndown_revision = "{after}"\n\n\n'
        f'def upgrade() -> None:\n    """Change the schema to what `definitions/schema` declares."""\n    '
        f"{body.strip()}\n",
        encoding="utf-8",
    )
    return path


def _short_name(why: str) -> str:
    """Name a file by the first words of a reason, as many as fit whole; one that is too long alone is cut."""
    words = re.sub(r"[^a-z0-9]+", " ", why.lower()).split() or ["change"]
    return shorten(" ".join(words), _NAME_LENGTH, placeholder="").replace(" ", "_") or words[0][:_NAME_LENGTH]


def _plainly(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Render a JSON column without the type of its members, which Alembic does not import."""
    return "postgresql.JSONB()" if kind == "type" and isinstance(item, postgresql.JSONB) else False


def _compact(changes: ops.OpContainer) -> None:
    """Replace a change of a comment only by its one line of SQL."""
    for index, change in enumerate(changes.ops):
        if isinstance(change, ops.OpContainer):
            _compact(change)
        elif isinstance(change, ops.AlterColumnOp) and _changes_comment_only(change):
            comment = str(change.modify_comment).replace("'", "''")
            # Escape a colon before a word, which would be a bind parameter.
            comment = re.sub(r"(?<!\w):(?=\w)", r"\\:", comment)
            column = f"{change.schema}.{change.table_name}.{change.column_name}"
            changes.ops[index] = ops.ExecuteSQLOp(f"COMMENT ON COLUMN {column} IS '{comment}'")


def _changes_comment_only(change: ops.AlterColumnOp) -> bool:
    others = (change.modify_type, change.modify_nullable, change.modify_name)
    return change.modify_comment is not False and not any(other is not None for other in others)


def _flat(changes: ops.OpContainer) -> list[ops.MigrateOperation]:
    """Flatten operations: those of a table are taken out of their container."""
    flat: list[ops.MigrateOperation] = []
    for change in changes.ops:
        flat += _flat(change) if isinstance(change, ops.OpContainer) else [change]
    return flat


def main(why: str) -> int:
    """Write the next migration, if there are changes; return the exit code."""
    if not why.strip():
        sys.stderr.write('say why: make migration WHY="Add the region of an account"\n')
        return 2
    after = newest_version() or "0000"
    with TemporaryDirectory() as home, EmbeddedServer(Path(home)) as server:
        engine = engine_for(server.url)
        migrate(engine)
        try:
            path = write_revision(pending_operations(engine), why, after=after)
        except ConfigurationError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        engine.dispose()
    sys.stdout.write(f"{path.name if path else 'nothing to change: the last revision is what is declared'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
