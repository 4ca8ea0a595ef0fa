"""Where a person stands: for each class the records on both sides of its test, and of the sentences beside it."""

# ruff: noqa: E501  # in a table, a case a line reads best

from tests.definitions.handoff_records import ACCEPTED, AS_OF, ASKED, ENGAGED, HANDOFF, PERSON, ago
from tests.definitions.page.classified import Told, both_sides, person, person_class, sentences
from tests.definitions.page.statements import POSITION, Statement, checks

SECTION = "Where a person stands"
BOUNCED = {"reachability": "hard_bounced", "unreachable_since_on": ago(30)}
REFUSED = {"disqualified_on": ago(20), **ENGAGED}
RETURNED = {"recycled_on": ago(15), **ENGAGED}
QUIET = {"engagement_level": "passive", "last_inbound_on": ago(90)}
SPOKEN = {"has_discovery": True, **ACCEPTED}
TWO_OF_FOUR = {"need_status": "acknowledged", "budget_status": "identified"}
SCORED = {"fit_score": 60, "engagement_score": 50, **ENGAGED}
PURSUED = {"icp_fit": "pass", "last_outbound_on": ago(5)}
NAMELESS = {"has_identity": False}

TESTS: dict[str, list[tuple[Told, str]]] = {
    "merged_or_deleted": [({"is_deleted": True}, "merged_or_deleted"), ({}, "list_record")],
    "excluded": [
        *(
            ({"email_domain": domain}, "excluded")
            for domain in ("example.com", "example.org", "example.net", "test.com")
        ),
        ({"email_domain": "firm.com"}, "list_record"),
        ({"email_normalised": "emailmaria@hubspot.com"}, "excluded"),
        ({"email_normalised": "bh@hubspot.com"}, "excluded"),
        ({"email_normalised": "ada@hubspot.com"}, "list_record"),
        ({"email_normalised": "test@firm.example"}, "excluded"),
        ({"email_normalised": "a.test@firm.example"}, "list_record"),
        ({"email_normalised": "ada+test3@firm.example"}, "excluded"),
        ({"email_normalised": "ada+news@firm.example"}, "list_record"),
        ({"email_normalised": "noreply@firm.example"}, "excluded"),
        ({"title": "Student", **ASKED}, "excluded"),
        ({"title": "Intern"}, "excluded"),
        ({"title": "Internist"}, "list_record"),
    ],
    "customer": [
        ({"has_won_opportunity": True, "has_open_opportunity": True}, "customer"),
        ({"claims_customer": True}, "customer"),
        ({"claims_customer": False, "has_open_opportunity": True}, "in_opportunity"),
    ],
    "in_opportunity": [({"has_open_opportunity": True, **ACCEPTED}, "in_opportunity"), (ACCEPTED, "sal")],
    "disqualified": [
        ({"lead_status": "disqualified", **ENGAGED}, "disqualified"),
        (REFUSED, "disqualified"),
        ({**REFUSED, "lead_status": "working"}, "lead"),
        ({**REFUSED, "icp_fit": "pass", **ASKED}, "mql"),
        ({**REFUSED, "icp_fit": "unknown", **ASKED}, "disqualified"),
        ({"disqualified_on": ago(5), "icp_fit": "pass", **ASKED}, "disqualified"),
    ],
    "dead": [
        ({"silent_since_on": AS_OF, **ENGAGED}, "dead"),
        ({"silent_since_on": ago(-1), **ENGAGED}, "lead"),
        (BOUNCED, "dead"),
        ({**BOUNCED, "unreachable_since_on": ago(29)}, "list_record"),
        ({**BOUNCED, "reachability": "no_channel"}, "dead"),
        ({**BOUNCED, "reachability": "opted_out"}, "list_record"),
        ({**BOUNCED, "reachability": "do_not_contact"}, "list_record"),
        ({"reachability": "hard_bounced"}, "list_record"),
    ],
    "recycled": [
        ({"recycled_on": ago(5), **ACCEPTED}, "recycled"),
        ({"lead_status": "nurture", **ENGAGED}, "recycled"),
        ({**RETURNED, **ASKED}, "mql"),
        ({**RETURNED, "mql_latest_on": ago(10)}, "mql"),
        ({**RETURNED, "mql_latest_on": ago(15)}, "recycled"),
        ({**RETURNED, **ACCEPTED}, "sal"),
    ],
    "dormant": [
        (QUIET, "dormant"),
        ({**ASKED, "last_inbound_on": ago(90)}, "dormant"),
        ({**QUIET, "last_inbound_on": ago(89)}, "lead"),
        ({**QUIET, "engagement_level": "none"}, "list_record"),
    ],
    "sql": [
        (SPOKEN, "sql"),
        ({**TWO_OF_FOUR, **ACCEPTED}, "sql"),
        ({"need_status": "acknowledged", **ACCEPTED}, "sal"),
        ({"icp_fit": "fail", **SPOKEN}, "sal"),
        ({"icp_fit": "unknown", **SPOKEN}, "sql"),
        ({"has_discovery": True, **ENGAGED}, "lead"),
    ],
    "sal": [(ACCEPTED, "sal"), ({"icp_fit": "fail", **ACCEPTED}, "sal"), (SPOKEN, "sql"), (ENGAGED, "lead")],
    "mql": [
        (ASKED, "mql"),
        ({"icp_fit": "fail", **ASKED}, "lead"),
        (SCORED, "mql"),
        ({**SCORED, "fit_score": 59}, "lead"),
        ({**SCORED, "engagement_score": 49}, "lead"),
        ({"mql_latest_on": ago(5), **ENGAGED}, "mql"),
        (ENGAGED, "lead"),
    ],
    "lead": [(ENGAGED, "lead"), ({"icp_fit": "fail", **ASKED}, "lead"), ({}, "list_record")],
    "suspect": [
        (PURSUED, "suspect"),
        ({"icp_fit": "pass"}, "list_record"),
        ({**PURSUED, "icp_fit": "low_quality"}, "list_record"),
    ],
    "list_record": [({}, "list_record"), (NAMELESS, "unclassifiable")],
    "unclassifiable": [(NAMELESS, "unclassifiable"), ({}, "list_record")],
}

# What a sentence of a class's row says, by records on both sides; after "leaves it when", those that left it.
SAID = {
    ("excluded", "Not a person we could ever sell to - a test, a sample, a student."): [
        ({"email_normalised": "test@firm.example"}, "excluded"),
        ({"email_normalised": "bh@hubspot.com"}, "excluded"),
        ({"title": "Student"}, "excluded"),
        ({"title": "Buyer", "email_normalised": "ada@firm.example"}, "list_record"),
    ],
    ("excluded", "Such records would be counted as leads."): [({"title": "Student", **ENGAGED}, "excluded"), (ENGAGED, "lead")],
    ("excluded", "The record no longer looks like one."): [({"title": "Student"}, "excluded"), ({"title": "Buyer"}, "list_record")],
    ("customer", "S0, S1 - a closed-won deal is the end of the funnel; after it comes regular follow-up (S4)."): [
        ({"has_won_opportunity": True, "has_open_opportunity": True, **SPOKEN}, "customer"),
        (SPOKEN, "sql"),
    ],
    ("customer", "No won deal is left and no source says customer."): [
        ({"has_won_opportunity": True, "claims_customer": True}, "customer"),
        ({"has_won_opportunity": True, "claims_customer": False}, "customer"),
        ({"has_won_opportunity": False, "claims_customer": True}, "customer"),
        ({"has_won_opportunity": False, "claims_customer": False}, "list_record"),
    ],
    ("in_opportunity", "S0 - a lead that was converted is pursued as an opportunity and no longer as a lead."): [
        ({"has_open_opportunity": True, "is_converted": True, **ASKED}, "in_opportunity"),
        (ASKED, "mql"),
    ],
    ("disqualified", "Sales said no for a reason that stays."): [
        ({"lead_status": "disqualified"}, "disqualified"),
        ({"lead_status": "nurture"}, "recycled"),
    ],
    ("disqualified", "S0, S4 - qualification is a go or a no-go, and a no-go is recorded."): [
        ({"disqualified_on": ago(1), **SPOKEN}, "disqualified"),
        (SPOKEN, "sql"),
    ],
    ("disqualified", "The person asks for something after that day and fits the profile, or the status is changed."): [
        (REFUSED, "disqualified"),
        ({**REFUSED, "icp_fit": "pass", **ASKED}, "mql"),
        ({**REFUSED, "icp_fit": "fail", **ASKED}, "disqualified"),
        ({**REFUSED, "icp_fit": "pass"}, "disqualified"),
        ({**REFUSED, "icp_fit": "pass", **ASKED, "last_proactive_on": ago(20)}, "disqualified"),
        ({**REFUSED, "lead_status": "working"}, "lead"),
    ],
    ("dead", "Has been silent whatever was done, or cannot be reached any more."): [
        ({"silent_since_on": ago(9), "last_outbound_on": AS_OF}, "dead"),
        (BOUNCED, "dead"),
        ({"last_outbound_on": AS_OF}, "list_record"),
    ],
    ("dead", "Thirty days without any channel leave time to mend the address (practice)."): [
        ({**BOUNCED, "unreachable_since_on": ago(30)}, "dead"),
        ({**BOUNCED, "unreachable_since_on": ago(29)}, "list_record"),
    ],
    ("recycled", "Returned by sales to marketing for a reason that may pass; is nurtured."): [
        (RETURNED, "recycled"),
        ({"lead_status": "nurture"}, "recycled"),
        ({**RETURNED, "lead_status": "disqualified"}, "disqualified"),
    ],
    ("recycled", "S2 - a lead handed over too early is nurtured further, not dropped."): [
        ({"recycled_on": ago(1), **ACCEPTED}, "recycled"),
        (ACCEPTED, "sal"),
    ],
    ("recycled", "The person asks for something, becomes an MQL or is accepted again after the day of the return."): [
        (RETURNED, "recycled"),
        ({**RETURNED, **ASKED, "last_proactive_on": ago(14)}, "mql"),
        ({**RETURNED, **ASKED, "last_proactive_on": ago(15)}, "recycled"),
        ({**RETURNED, "mql_latest_on": ago(14)}, "mql"),
        ({**RETURNED, "mql_latest_on": ago(15)}, "recycled"),
        ({**RETURNED, "sales_accepted_on": ago(14)}, "sal"),
        ({**RETURNED, "sales_accepted_on": ago(15)}, "recycled"),
    ],
    ("dormant", "Showed interest once and has gone quiet."): [(QUIET, "dormant"), (ENGAGED, "lead"), ({}, "list_record")],
    ("dormant", "One quarter without a move of the buyer (practice; calibrate from your own history)."): [
        (QUIET, "dormant"),
        ({**QUIET, "last_inbound_on": ago(89)}, "lead"),
    ],
    ("dormant", "The buyer moves in any way."): [(QUIET, "dormant"), ({**QUIET, "last_inbound_on": AS_OF}, "lead")],
    ("sql", "Accepted by sales and worth a direct follow-up."): [(SPOKEN, "sql"), (ACCEPTED, "sal"), (ENGAGED, "lead")],
    ("sql", "S2 - accepted, and a conversation was held or two of the four criteria are met."): [
        (SPOKEN, "sql"),
        ({**TWO_OF_FOUR, **ACCEPTED}, "sql"),
        ({"need_status": "acknowledged", **ACCEPTED}, "sal"),
        ({"has_discovery": True, **TWO_OF_FOUR, **ENGAGED}, "lead"),
    ],
    ("sql", "It is not an opportunity yet."): [(SPOKEN, "sql"), ({"has_open_opportunity": True, **SPOKEN}, "in_opportunity")],
    ("sql", "A deal is opened, or the lead is returned, disqualified or goes quiet."): [
        (SPOKEN, "sql"),
        ({"has_open_opportunity": True, **SPOKEN}, "in_opportunity"),
        ({"recycled_on": AS_OF, **SPOKEN}, "recycled"),
        ({"disqualified_on": AS_OF, **SPOKEN}, "disqualified"),
        ({**SPOKEN, "last_inbound_on": ago(90)}, "dormant"),
    ],
    ("sal", "Accepted by sales; the discovery conversation is still to come."): [(ACCEPTED, "sal"), (SPOKEN, "sql"), (ENGAGED, "lead")],
    ("sal", "The conversation is held (sql), or the lead is returned."): [
        (ACCEPTED, "sal"),
        (SPOKEN, "sql"),
        ({"recycled_on": AS_OF, **ACCEPTED}, "recycled"),
    ],
    ("mql", "Vetted by marketing on who they are and what they did."): [
        (SCORED, "mql"),
        ({**SCORED, "fit_score": 0}, "lead"),
        ({**SCORED, "engagement_score": 0}, "lead"),
    ],
    ("mql", "S2 - demographics and engagement, or a direct ask (S3), or the source says so."): [
        (SCORED, "mql"),
        (ASKED, "mql"),
        ({"mql_latest_on": ago(1), **ENGAGED}, "mql"),
        (ENGAGED, "lead"),
    ],
    ("mql", "Sales accepts or returns the lead, or it goes quiet."): [
        (ASKED, "mql"),
        ({"sales_accepted_on": AS_OF, **ASKED}, "sal"),
        ({"recycled_on": AS_OF, **ASKED}, "recycled"),
        ({**ASKED, "last_inbound_on": ago(90)}, "dormant"),
    ],
    ("lead", "Showed interest; not yet vetted."): [(ENGAGED, "lead"), ({}, "list_record"), (ASKED, "mql")],
    ("lead", "S2 - initial interest, passive included."): [({**ENGAGED, "engagement_level": "passive"}, "lead"), ({}, "list_record")],
    ("lead", "The lead is vetted (mql) or goes quiet (dormant)."): [(ENGAGED, "lead"), (SCORED, "mql"), (QUIET, "dormant")],
    ("suspect", "Fits the profile and is pursued, but has shown no interest."): [
        (PURSUED, "suspect"),
        ({"icp_fit": "pass"}, "list_record"),
        ({**PURSUED, "icp_fit": "unknown"}, "list_record"),
        ({**PURSUED, **ENGAGED}, "lead"),
    ],
    ("suspect", "S0 - suspects may have no interest in what we offer."): [(PURSUED, "suspect"), ({**PURSUED, **ENGAGED}, "lead")],
    ("suspect", "The person shows interest, or falls silent for good (dead)."): [
        (PURSUED, "suspect"),
        ({**PURSUED, **ENGAGED}, "lead"),
        ({**PURSUED, "silent_since_on": AS_OF}, "dead"),
    ],
    ("list_record", "A name we hold; nobody asked for anything."): [({}, "list_record"), (ASKED, "mql"), (NAMELESS, "unclassifiable")],
    ("list_record", "S3 - a list is not a lead."): [({}, "list_record"), (ENGAGED, "lead")],
    ("list_record", "The person shows interest."): [({}, "list_record"), (ENGAGED, "lead")],
    ("unclassifiable", "An e-mail, a phone or a name with a company is filled in."): [
        (NAMELESS, "unclassifiable"),
        ({"has_identity": True}, "list_record"),
    ],
}  # fmt: skip

sentences(SECTION, ("Means", "Why", "Leaves it when"), person_class, SAID)


@checks(SECTION, columns=("Test",))
def a_test_gives_its_class_and_no_other(statement: Statement) -> None:
    both_sides(person_class, statement.row, TESTS[statement.row])


@checks(SECTION, "Ask from the top.")
@checks(SECTION, columns=(POSITION,))
def classes_are_asked_in_the_order_of_the_page(statement: Statement) -> None:
    asked = [answer.split("=")[0] for answer in person(NAMELESS)["class_reasons"].split("; ")]
    assert asked == [rule.name for rule in HANDOFF.people]
    assert not statement.row or asked[int(statement.text) - 1] == statement.row


@checks(SECTION, "The first class whose test answers yes is the one; every person is in exactly one.")
def the_first_yes_is_the_class(statement: Statement) -> None:
    several = person({"is_deleted": True, "title": "Student", "has_won_opportunity": True})
    assert (several["lifecycle_class"], several["class_reasons"]) == ("merged_or_deleted", "merged_or_deleted=true")
    for told, expected in (case for cases in TESTS.values() for case in cases):
        *before, last = person(told)["class_reasons"].split("; ")
        assert (last, [answer for answer in before if answer.endswith("=true")]) == (f"{expected}=true", []), (
            PERSON | told
        )
