"""Rights on `staging`: none for anybody but its owner, whatever an administrator grants on new schemas and tables."""

import sqlalchemy as sa

# Grants that are there, other than the owner's and our own; role names come quoted.
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
    """Take back every right that others have on the schema and on the tables in it.

    It holds rows that no audit has passed, and people who may have to be erased tomorrow.
    """
    for grants, objects in ((_SCHEMA_GRANTS, "SCHEMA staging"), (_TABLE_GRANTS, "ALL TABLES IN SCHEMA staging")):
        if grantees := connection.execute(sa.text(grants)).scalars().all():
            connection.exec_driver_sql(f"REVOKE ALL ON {objects} FROM {', '.join(grantees)} CASCADE")
