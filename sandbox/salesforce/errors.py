"""How Salesforce refuses: an array of one error, with its word for what is wrong."""

from sandbox.server.web import Answer, json_answer


class SalesforceError(Exception):
    """Salesforce says no; `code` is its word for why."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def refusal(refused: SalesforceError) -> Answer:
    """The answer for a refusal."""
    return json_answer([{"message": refused.message, "errorCode": refused.code}], status=refused.status)
