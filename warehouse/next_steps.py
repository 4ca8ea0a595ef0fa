"""Remedies by SQLSTATE: how to find the cause, and the statement that removes it.

A step may contain facts of the error in braces: {table} and {constraint} as PostgreSQL names them, the {function} that
raised it. Steps that alter a role or a database are for an administrator.
"""

from collections.abc import Mapping

# By SQLSTATE of five characters, or by class, its first two.
_STEPS = {
    "08": "The connection was lost: see that the server runs and that nothing between ends sessions, then run again.",
    "0A000": "Something of yours stands on the table, such as a view or a foreign key: drop it, run again, and make it "
    "anew.",
    "23503": "A foreign key of yours points at rows that leave the tables when their records do. Keep the column and "
    'drop the key: ALTER TABLE {table} DROP CONSTRAINT "{constraint}".',
    "23505": "Two rows share one key. If {constraint} is a constraint or an index of yours, drop it; if not, the audit "
    "should have stopped them: report it.",
    "23": "If {constraint} is a constraint or an index of yours, drop it; if not, the audit should have stopped these "
    "rows: report it.",
    "25006": "The server is a standby, or its transactions only read. Name the primary in BANTAM_WAREHOUSE_URL; in a "
    "list of hosts, ?target_session_attrs=read-write finds it. Where it is no standby, let the account write: BEGIN "
    "READ WRITE; ALTER ROLE {role} SET default_transaction_read_only = off; COMMIT.",
    "25P03": "The server ends sessions that wait between two statements. As the account, let them wait: ALTER ROLE "
    "CURRENT_USER SET idle_in_transaction_session_timeout = 0. Then run again.",
    "25P04": "The server ends long transactions. As the account, let them last: ALTER ROLE CURRENT_USER SET "
    "transaction_timeout = 0. Then run again.",
    "28000": "See that the role exists and may log in (ALTER ROLE {role} LOGIN), and that pg_hba.conf has a line for "
    "it from this machine.",
    "28P01": "Check user and password of BANTAM_WAREHOUSE_URL; special characters of the password are "
    "percent-encoded, such as %40 for @.",
    "2BP01": "Something of yours depends on it, such as a view: drop it, run again, and make it anew on the tables of "
    "schema curated.",
    "3D000": "Create it: CREATE DATABASE {database} OWNER {role}. Or name another one at the end of "
    "BANTAM_WAREHOUSE_URL.",
    "40": "Two sessions wrote at once. Nothing but Bantam may write into its schemas: end the other one, then run "
    "again.",
    "42501": 'Grant the missing privilege to the account of BANTAM_WAREHOUSE_URL; "Connect BI" in README.md says which '
    "it needs.",
    "42P01": "Somebody dropped or renamed a table of Bantam's: restore the warehouse from a backup, then run again.",
    "42703": "Somebody changed a table of Bantam's: restore the warehouse from a backup, then run again.",
    "42P06": "Give Bantam a database of its own: CREATE DATABASE bantam OWNER {role}.",
    "42P07": "What stands there is not Bantam's. Rename it: ALTER TABLE … RENAME TO …. Or give Bantam a database of "
    "its own: CREATE DATABASE bantam OWNER {role}.",
    "53100": "Free space on the disk of the server, then run again.",
    "53200": "The server has no memory left: give it more, or lower work_mem, then run again.",
    "53300": "Close other sessions, or raise max_connections or the CONNECTION LIMIT of the role or the database; then "
    "run again.",
    "55P03": "Another session holds the table. Find it: SELECT pid, usename, query FROM pg_stat_activity WHERE datname "
    "= current_database(). End it: SELECT pg_terminate_backend(…). Then run again.",
    "57014": "Somebody cancelled it, or it took longer than the account may. As the account, lift that: ALTER ROLE "
    "CURRENT_USER SET statement_timeout = 0. Then run again.",
    "57P01": "An administrator ended the session: run again.",
    "57P02": "The server crashed and recovers: run again in a moment.",
    "57P03": "The server is starting or stopping: run again in a moment.",
    "57P05": "The server ends idle sessions. As the account, let them be idle: ALTER ROLE CURRENT_USER SET "
    "idle_session_timeout = 0. Then run again.",
    "58": "The server cannot read or write its files: have its administrator look at disk and log, then run again.",
    "P0001": "A trigger of yours on a table of Bantam's refused the rows. Find it: SELECT tgrelid::regclass, tgname "
    "FROM pg_trigger WHERE NOT tgisinternal. Drop it: DROP TRIGGER … ON ….",
    "XX": "The server found its files damaged: restore the warehouse from a backup.",
}
# The client library has no SQLSTATE of a refused connection; the server's messages are English by default.
_REFUSALS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ("not permitted to log in", "28000"),
    ('FATAL:  role "', "28000"),
    ('FATAL:  database "', "3D000"),
    ("too many clients", "53300"),
    ("too many connections", "53300"),
    ("remaining connection slots", "53300"),
    ("is starting up", "57P03"),
    ("is shutting down", "57P03"),
    ("not yet accepting connections", "57P03"),
    ("in recovery mode", "57P03"),
    ("not accepting connections", "57P03"),
    ("permission denied for database", "42501"),
)
# Errors of settings, which a person must correct before any run, rather than errors of a publication.
_SETTINGS = ("25006", "28", "3D", "42501", "42P06", "42P07")


def next_step(state: str, facts: Mapping[str, str]) -> str:
    """Return the remedy of a state; empty where there is none. Missing facts become an ellipsis."""
    step = _STEPS.get(state) or _STEPS.get(state[:2], "")
    return step.format_map(_Facts(facts))


def state_of_refusal(words: str) -> str | None:
    """Return the SQLSTATE for the client library's message of a refused connection; None if unknown."""
    return next((state for part, state in _REFUSALS if part in words), None)


def is_of_settings(state: str) -> bool:
    """Whether the state means a wrong setting: of the URL, or of the account's rights."""
    return state.startswith(_SETTINGS)


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"
