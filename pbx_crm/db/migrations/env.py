"""What alembic runs first: it works in the transaction that `pbx_crm.db.migrate` hands over."""

from __future__ import annotations

from alembic import context

from pbx_crm.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column or drop a constraint: there a table is rebuilt and its rows copied.
    render_as_batch=True,
    transactional_ddl=True,
)
# The caller's transaction is used as it is: all revisions are made, or none.
context.run_migrations()
