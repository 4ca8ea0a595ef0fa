"""Local imitations of the vendor APIs over one synthetic company whose truth is known.

The company (`company.found`) is a pure function of its size, a seed and a day; `life.next_week` lets it live on. Both
dialects answer on one port (`python -m sandbox.serve`), beside control paths of the sandbox's own:

- `POST /_sandbox/advance` {"days": 7, "ids": false}: a week passes; tells what changed, by table.
- `GET /_sandbox/truth`: counts of what is true; `/people`, `/accounts`, `/deals` below it: the true thing behind
  each record.
- `GET /_sandbox/requests`: requests answered so far.
- `POST /_sandbox/faults` [{"kind": "429", "path": "/contacts", "skip": 0, "times": 1, "retry_after": "2"}]: what goes
  wrong next; kinds are listed in `faults.KINDS`.
"""
