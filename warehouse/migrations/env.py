"""Alembic environment: runs all revisions in one transaction, on the connection of `warehouse.migrate`."""

from alembic import context

from warehouse.migrations.scope import OPTIONS

context.configure(connection=context.config.attributes["connection"], **OPTIONS)
with context.begin_transaction():
    context.run_migrations()
