"""Rights on `staging`: for its owner only, whatever default privileges an administrator has set."""

import sqlalchemy as sa

# Existing grants to roles other than the owner and our own; role names are quoted.
_SCHEMA_GRANTS = """
SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
FROM pg_namespace, aclexplode(nspacl)
WHERE nspname = 'staging' AND grantee NOT IN (nspowner, current_user::regrole)
"""
_TABLE_GRANTS = """
SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
FROM pg_class, aclexplode(relacl)
WHERE relnamespace = 'staging'::regnamespace AND relkind = 'r' AND grantee NOT IN (relowner, current_user::regrole)
"""


def close_to_others(connection: sa.Connection) -> None:
    """Revoke all rights of other roles on the schema and its tables.

    They hold unaudited rows, and persons who may have to be erased tomorrow.
    """
    for grants, objects in ((_SCHEMA_GRANTS, "SCHEMA staging"), (_TABLE_GRANTS, "ALL TABLES IN SCHEMA staging")):
        if grantees := connection.execute(sa.text(grants)).scalars().all():
            connection.exec_driver_sql(f"REVOKE ALL ON {objects} FROM {', '.join(grantees)} CASCADE")
