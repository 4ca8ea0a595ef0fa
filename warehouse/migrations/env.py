"""How Alembic runs here: on the connection that `warehouse.migrate` hands over, all revisions in one transaction."""

from alembic import context

from warehouse.migrations.scope import OPTIONS

context.configure(connection=context.config.attributes["connection"], **OPTIONS)
with context.begin_transaction():
    context.run_migrations()
