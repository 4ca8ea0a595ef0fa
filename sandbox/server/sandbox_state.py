"""State of the sandbox: the company, both vendor dialects, limits, faults, the clock, and the control paths."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

import msgspec

from sandbox.company.company import Company
from sandbox.company.moments import evening_of, morning_of
from sandbox.company.truth import ACCOUNT_KEYS, DEAL_KEYS, KEYS, members, truth
from sandbox.hubspot.api import HubSpot
from sandbox.life.edits import Edit, edited
from sandbox.life.week import DAYS
from sandbox.life.weeks import changes, next_week
from sandbox.salesforce.api import Salesforce
from sandbox.salesforce.query import Cursors
from sandbox.salesforce.sessions import Sessions
from sandbox.server.faults import CONNECTION_FAULTS, Fault, FaultScript, spoiled
from sandbox.server.limits import RequestCounter, VendorBehaviour
from sandbox.server.web import Answer, Request, json_answer

KINDS = {"people": KEYS, "accounts": ACCOUNT_KEYS, "deals": DEAL_KEYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Credentials of the clients; each is marked so that a leak can be found."""

    hubspot_token: str = "pat-na1-CANARY-5andb0x0-0000-4000-8000-000000000000"  # noqa: S105 - opens nothing but this imitation
    salesforce_client_id: str = "3MVG9.SANDBOX.CANARY.client"
    salesforce_client_secret: str = "5AND80XCANARY5EC2E7"  # noqa: S105 - opens nothing but this imitation


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `/_sandbox/advance`: whole weeks, and whether to list the id of every changed record."""

    days: int = DAYS
    ids: bool = False


class Sandbox:
    """Answers any request; its state changes only by control paths."""

    def __init__(
        self,
        company: Company,
        credentials: Credentials,
        manners: VendorBehaviour,
        monotonic: Callable[[], float],
    ) -> None:
        """`monotonic` returns the seconds of a monotonic clock."""
        self.credentials, self.manners = credentials, manners
        self.monotonic, self.started = monotonic, monotonic()
        self.sessions = Sessions(
            client_id=credentials.salesforce_client_id,
            client_secret=credentials.salesforce_client_secret,
            monotonic=monotonic,
            lifetime=manners.token_lifetime,
        )
        self.counter, self.faults = RequestCounter(manners.limits, monotonic), FaultScript()
        self.cursors = Cursors()
        self.requests: dict[str, int] = {}
        self.open(company)

    def open(self, company: Company) -> None:
        """Serve a state of the company; locators of an earlier state become invalid."""
        self.company = company
        self.cursors.forget()
        unsteady = self.manners.unsteady_ties
        self.hubspot = HubSpot(company, self.credentials.hubspot_token, self.now_text, unsteady_ties=unsteady)
        self.salesforce = Salesforce(company, self.sessions, self.cursors)

    def now(self) -> datetime:
        """Return the sandbox's time: noon UTC of `as_of` plus the time since the start, at most until the evening."""
        past = self.monotonic() - self.started
        day = self.company.as_of
        return datetime.fromtimestamp(min(morning_of(day) / 1000 + past, evening_of(day) / 1000), tz=UTC)

    def now_text(self) -> str:
        """Return the sandbox's time as HubSpot writes it."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.now().microsecond // 1000:03d}Z"

    def date_header(self) -> str:
        """Return the sandbox's time as a `Date` header."""
        return format_datetime(self.now().replace(microsecond=0), usegmt=True)

    def fault_for(self, request: Request) -> Fault | None:
        """Return the scripted fault that applies to this request, if any."""
        if not self.faults.waiting or request.path.startswith("/_sandbox"):
            return None
        return self.faults.next_for(request.path)

    def answer(self, request: Request, fault: Fault | None = None) -> Answer:
        """Answer one request, with the fault applied."""
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        self._count(request)
        if fault is not None and fault.kind not in CONNECTION_FAULTS:
            return spoiled(fault, request, lambda: self._well(request))
        return self._well(request)

    def _well(self, request: Request) -> Answer:
        if request.path.startswith("/services/"):
            if request.path.startswith("/services/oauth2/"):
                return self.salesforce.answer(request)
            refused, headers = self.counter.salesforce()
            return _with(refused or self.salesforce.answer(request), headers)
        refused, headers = self.counter.hubspot(search=request.path.endswith("/search"))
        return _with(refused or self.hubspot.answer(request), headers)

    def _count(self, request: Request) -> None:
        vendor = "salesforce" if request.path.startswith("/services/") else "hubspot"
        self.requests[vendor] = self.requests.get(vendor, 0) + 1

    def _control(self, request: Request) -> Answer:
        paths: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/_sandbox/truth"): lambda _: json_answer(truth(self.company)),
            ("GET", "/_sandbox/requests"): lambda _: json_answer(
                {**self.requests, "total": sum(self.requests.values())}
            ),
            ("POST", "/_sandbox/faults"): self._script,
            ("POST", "/_sandbox/advance"): self._advance,
            ("POST", "/_sandbox/records"): self._edit,
        }
        handler = paths.get((request.method, request.path))
        if handler is not None:
            return handler(request)
        kinds = KINDS.get(request.path.removeprefix("/_sandbox/truth/"))
        if kinds is None:
            return json_answer({"message": "no such control path"}, status=404)
        return json_answer(members(self.company, kinds).to_dicts())

    def _advance(self, request: Request) -> Answer:
        try:
            options = msgspec.json.decode(request.body, type=Advance)
        except msgspec.MsgspecError as wrong:
            return json_answer({"message": str(wrong)}, status=400)
        if options.days < DAYS or options.days % DAYS:
            return json_answer({"message": "the company lives by whole weeks: days must be 7, 14, 21 …"}, status=400)
        before = self.company
        after = before
        for _ in range(options.days // DAYS):
            after = next_week(after)
        self.open(after)
        changed = {name: one.ids() if options.ids else one.counts() for name, one in changes(before, after).items()}
        return json_answer({"as_of": after.as_of.isoformat(), "week": after.week, "changes": changed})

    def _edit(self, request: Request) -> Answer:
        try:
            after, before = edited(self.company, msgspec.json.decode(request.body, type=Edit))
        except (msgspec.MsgspecError, ValueError) as wrong:
            return json_answer({"message": str(wrong)}, status=400)
        self.open(after)
        return json_answer({"before": msgspec.to_builtins(before)})

    def _script(self, request: Request) -> Answer:
        try:
            options = msgspec.json.decode(request.body, type=list[dict[str, str | int]])
            self.faults.add([msgspec.convert(one, Fault) for one in options])
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as wrong:
            return json_answer({"message": str(wrong)}, status=400)
        return json_answer({"waiting": len(self.faults.waiting)})


def _with(answer: Answer, headers: dict[str, str]) -> Answer:
    if not headers:
        return answer
    return Answer(
        status=answer.status, body=answer.body, headers={**answer.headers, **headers}, media_type=answer.media_type
    )
