"""The revisions of the tables, oldest first; `pbx_crm.db.migrate` runs them."""
