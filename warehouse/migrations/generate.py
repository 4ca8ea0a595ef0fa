"""Write the next migration: what the declarations in `definitions/schema` say and the last revision lacks.

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


def owed(engine: sa.Engine, metadata: sa.MetaData = METADATA) -> ops.UpgradeOps:
    """Give the operations that make the schema of a warehouse the declared one, rights of the reader included.

    Raises `ConfigurationError` for a new column that may not be null in a table that may have rows.
    """
    with engine.connect() as connection:
        found = produce_migrations(MigrationContext.configure(connection, opts=OPTIONS), metadata).upgrade_ops
    if found is None:  # Alembic gives none only where it was told to write the way down alone
        return ops.UpgradeOps([])
    for change in _flat(found):
        if isinstance(change, ops.AddColumnOp) and not change.column.nullable:
            raise ConfigurationError(
                f"{change.schema}.{change.table_name}.{change.column.name}: rows that are there have no value for a "
                "new column that is required. Declare it without `required`, let a run fill it, then require it."
            )
    _compact(found)
    # Another account may have migrated before, whose default privileges are not ours.
    created = [one for one in found.ops if isinstance(one, ops.CreateTableOp) and one.schema == "curated"]
    found.ops.extend(ops.ExecuteSQLOp(f"GRANT SELECT ON curated.{one.table_name} TO bantam_reader") for one in created)
    return found


def written(changes: ops.UpgradeOps, why: str, *, after: str, folder: Path = VERSIONS) -> Path | None:
    """Write the changes as the revision that follows `after`; None, and no file, where there is nothing to change."""
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
    """Write a JSON column without the type of its members, which Alembic would not import."""
    return "postgresql.JSONB()" if kind == "type" and isinstance(item, postgresql.JSONB) else False


def _compact(changes: ops.OpContainer) -> None:
    """Write a change of nothing but a comment as the one line that it is in SQL."""
    for place, change in enumerate(changes.ops):
        if isinstance(change, ops.OpContainer):
            _compact(change)
        elif isinstance(change, ops.AlterColumnOp) and _changes_comment_only(change):
            comment = str(change.modify_comment).replace("'", "''")
            # A colon before a word would be a parameter.
            comment = re.sub(r"(?<!\w):(?=\w)", r"\\:", comment)
            column = f"{change.schema}.{change.table_name}.{change.column_name}"
            changes.ops[place] = ops.ExecuteSQLOp(f"COMMENT ON COLUMN {column} IS '{comment}'")


def _changes_comment_only(change: ops.AlterColumnOp) -> bool:
    others = (change.modify_type, change.modify_nullable, change.modify_name)
    return change.modify_comment is not False and not any(one is not None for one in others)


def _flat(changes: ops.OpContainer) -> list[ops.MigrateOperation]:
    """Operations, those of one table taken out of their container."""
    flat: list[ops.MigrateOperation] = []
    for change in changes.ops:
        flat += _flat(change) if isinstance(change, ops.OpContainer) else [change]
    return flat


def main(why: str) -> int:
    """Write the next migration, or say that none is owed."""
    if not why.strip():
        sys.stderr.write('say why: make migration WHY="Add the region of an account"\n')
        return 2
    after = newest_version() or "0000"
    with TemporaryDirectory() as home, EmbeddedServer(Path(home)) as server:
        engine = engine_for(server.url)
        migrate(engine)
        try:
            path = written(owed(engine), why, after=after)
        except ConfigurationError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        engine.dispose()
    sys.stdout.write(f"{path.name if path else 'nothing to change: the last revision is what is declared'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
