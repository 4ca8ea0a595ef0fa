"""What is owed to one target and not to another, and how a target is known again."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from definitions.errors import NeedsPersonError
from definitions.runtime.crash_points import arm
from flows.alerts.targets import for_owner, for_revops
from tests.flows.alerts.company import DAY, Company, company_of, issue, mails, posts
from tests.flows.alerts.recipients import Hook, web_hook
from tests.processes import exit_code
from warehouse.connect import engine_for

pytestmark = pytest.mark.slow


@pytest.fixture
def second():
    with web_hook() as running:
        yield running


def told_by(*hooks: Hook) -> list[list[str]]:
    """Of what each hook was told: digest or roll-up, in the order they came."""
    return [["roll-up" if "hygiene" in told["title"] else "digest" for told in hook.told] for hook in hooks]


def on(company: Company, folder, **where: str) -> Company:
    """The same warehouse and home, with settings that say otherwise where messages go."""
    return replace(company, job=company_of(company.engine, folder, **where).job)


# Each target


def test_a_kill_between_two_targets_leaves_the_second_what_it_is_owed(alert_warehouse, tmp_path, hook, second):
    revops = f"{posts(hook)} {posts(second)}"
    company = company_of(alert_warehouse, tmp_path, revops=revops)
    company.publish(issue(1, None))
    url = company.engine.url.render_as_string(hide_password=False)
    # Whichever comes first, it took the digest, and the process dies before it is noted.
    assert exit_code(_send_and_die, url, tmp_path, revops) == -9
    company.send()
    company.send()
    assert sorted(map(sorted, told_by(hook, second))) == [["digest", "digest", "roll-up"], ["digest", "roll-up"]]
    assert [len(set(one.keys)) for one in (hook, second)] == [2, 2]


def _send_and_die(url: str, folder: str, revops: str) -> None:
    arm("alert.after_send")
    company_of(engine_for(url), folder, revops=revops).send()


def test_a_sending_that_ends_between_two_targets_leaves_the_second_what_it_is_owed(
    alert_warehouse, tmp_path, hook, second
):
    company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)} {posts(second)}")
    company.publish(issue(1, None))
    (_digest, other, *_roll_ups) = company.planned().messages
    with company.engine.begin() as connection:
        refused = f"target = '{other.delivery.target}' AND delivery_status = 'in_flight'"
        connection.execute(sa.text(f"ALTER TABLE ops.notification ADD CONSTRAINT ended CHECK (NOT ({refused}))"))
    with pytest.raises(NeedsPersonError):
        company.send()
    assert sorted(told_by(hook, second)) == [[], ["digest"]]
    with company.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ops.notification DROP CONSTRAINT ended"))
    company.send()
    assert [sorted(told) for told in told_by(hook, second)] == [["digest", "roll-up"]] * 2


def test_targets_that_change_places_get_nothing_twice_and_nothing_is_lost(alert_warehouse, tmp_path, hook, second):
    """One refused the roll-up and the digest; by place, the other would have got them again."""
    company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)} {posts(second)}")
    company.publish(issue(1, None))
    second.answers += [500, 500]
    company.send()
    assert [sorted(told) for told in told_by(hook, second)] == [["digest", "roll-up"], []]
    swapped = on(company, tmp_path, revops=f"{posts(second)} {posts(hook)}")
    assert swapped.send().pending == {}
    assert [sorted(told) for told in told_by(hook, second)] == [["digest", "roll-up"]] * 2


def test_a_target_that_is_added_later_gets_the_roll_up_of_the_day_and_no_old_issues(
    alert_warehouse, tmp_path, hook, second
):
    company = company_of(alert_warehouse, tmp_path, revops=posts(hook))
    company.publish(issue(1, None))
    company.send()
    more = on(company, tmp_path, revops=f"{posts(hook)} {posts(second)}")
    more.send()
    assert told_by(second) == [["roll-up"]]
    assert len(hook.posted) == 2
    more.publish(issue(1, None), issue(2, None))
    more.send()
    assert told_by(second) == [["roll-up", "digest"]]


def test_a_target_that_stands_twice_in_the_settings_gets_everything_once(alert_warehouse, tmp_path, hook):
    company = company_of(alert_warehouse, tmp_path, revops=f"{posts(hook)} {posts(hook)}")
    company.publish(issue(1, None))
    company.send()
    assert sorted(told_by(hook)[0]) == ["digest", "roll-up"]


def test_an_issue_that_no_target_took_goes_to_whatever_is_configured_then(alert_warehouse, tmp_path, hook, second):
    company = company_of(alert_warehouse, tmp_path, revops=posts(hook))
    company.publish(issue(1, None))
    hook.answers += [500, 500]
    company.send()
    on(company, tmp_path, revops=posts(second)).send()
    assert sorted(told_by(second)[0]) == ["digest", "roll-up"]


def test_an_issue_whose_owner_changes_is_told_to_the_new_one_only_if_the_old_one_never_was(company, mailbox):
    mailbox.refuses = {"bob@corp.example"}
    company.publish(issue(1, "ann"), issue(2, "bob"))
    company.send()
    mailbox.refuses = set()
    company.publish(issue(1, "max"), issue(2, "max"))
    company.send()
    (mail,) = mailbox.to("max@corp.example")
    assert "Acme 2" in mail.get_content()
    assert "Acme 1" not in mail.get_content()


# Known again


def test_a_new_password_or_server_of_the_owners_tells_nothing_again(company, tmp_path, mailbox):
    company.publish(issue(1))
    company.send()
    rotated = mails(mailbox).replace("s3cr3t-canary", "another") + "&cto=9"
    assert on(company, tmp_path, owners=rotated).send().accepted == 0
    assert len(mailbox.accepted) == 1


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("jsons://bot:old@h.example/a", "jsons://bot:new@h.example/a", True),
        ("jsons://h.example/a?-token=old", "jsons://h.example/a/?-token=new&rto=9&verify=no&retry=2", True),
        ("jsons://h.example/a?+Authorization=old", "jsons://h.example/a?+Authorization=new", True),
        ("mailto://u:old@gmail.com?to=a@b.example", "mailto://u:n:e@w@gmail.com?to=a@b.example", True),
        ("mailto://u:p@gmail.com?to=a@b.example", "mailto://u:p@gmail.com?to=c@b.example", False),
        ("mailto://u:p@gmail.com/a@b.example", "mailto://u:p@gmail.com/c@b.example", False),
        ("slack://T1JJ3T3L2/A1BRTD4JD/abc/#one", "slack://T1JJ3T3L2/A1BRTD4JD/abc/#two", False),
        ("discord://123456/abcdefgh?thread=1", "discord://123456/abcdefgh?thread=2", False),
        ("jsons://h.example/a", "jsons://h.example/b", False),
        ("jsons://h.example/a", "jsons://i.example/a", False),
    ],
)
def test_a_target_of_revops_is_known_by_where_it_goes_and_not_by_its_secrets(before, after, is_same):
    one, other = (for_revops(place, SecretStr(url)).identity for place, url in ((1, before), (2, after)))
    assert (one == other) == is_same


def test_an_owner_is_known_by_their_id():
    one, other = SecretStr("mailto://u:p@a.example/{email}"), SecretStr("jsons://b.example/{owner_id}")
    assert for_owner(one, "ann", "a@a.example").identity == for_owner(other, "ann", "a@b.example").identity
    assert for_owner(one, "ann", "a@a.example").identity != for_owner(one, "bob", "a@a.example").identity


def test_what_was_noted_before_targets_had_an_identity_counts_as_told(company, mailbox, hook):
    company.publish(issue(1), issue(2, None), issue(3))
    with company.engine.begin() as connection:
        told = "INSERT INTO ops.notification VALUES (:issue, 'ann', now(), 1, '1', 'earlier', NULL, 'accepted', false)"
        for number in (1, 2):
            connection.execute(sa.text(told), {"issue": f"i{number}"})
        rolled_up = (
            "INSERT INTO ops.announcement VALUES ('roll_up', :day, 'place:1', now(), '1', 1, NULL, 'accepted', false)"
        )
        connection.execute(sa.text(rolled_up), {"day": DAY})
    assert company.send().issues_told == 1
    assert (len(mailbox.accepted), hook.posted) == (1, [])
