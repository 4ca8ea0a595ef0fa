"""Read the published run and the runs in some tables, again and again, in a process of its own. Arguments: tables.

The warehouse's URL comes on standard input, and then any line when it is enough. Prints, by isolation level, what each
reading saw: the published run, and of each table its rows and the runs that wrote them.
"""

import json
import sys
import threading

import sqlalchemy as sa

from warehouse.connect import engine_for

tables = sys.argv[1:]
engine = engine_for(sys.stdin.readline().strip())
each = [f"SELECT '{name}', count(*), array_agg(DISTINCT run_id) FROM curated.{name}" for name in tables]
published = "SELECT 'published_run', count(*), array_agg(run_id) FROM curated.published_run"
statements = {"READ COMMITTED": [" UNION ALL ".join([published, *each])], "REPEATABLE READ": [published, *each]}
seen = {level: [] for level in statements}
is_enough = threading.Event()


def read(level):
    connected = engine.connect().execution_options(isolation_level=level)
    with connected as connection, connection.begin():
        rows = {
            name: [count, runs] for one in statements[level] for name, count, runs in connection.execute(sa.text(one))
        }
    count, (run_id,) = rows.pop("published_run")
    assert count == 1
    seen[level].append([run_id, rows])


def read_on(level):
    while not is_enough.is_set():
        read(level)


for level in statements:
    read(level)
readers = [threading.Thread(target=read_on, args=[level]) for level in statements]
for reader in readers:
    reader.start()
sys.stdout.write("reading\n")
sys.stdout.flush()
sys.stdin.readline()
is_enough.set()
for reader in readers:
    reader.join()
sys.stdout.write(json.dumps(seen))
