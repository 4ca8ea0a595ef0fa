"""Errors raised on purpose, grouped by what to do next, with the exit code a scheduler sees.

PipelineError
├── TryAgainError                      source busy or down: the task retries                      3
├── AnotherRunActiveError              another run holds the lock: come back later                75
├── AlertPendingError                  published, but an alert did not leave: sent again next run 7
├── RunInterruptedError                a signal ended the run before COMMIT was sent              130, 143
├── TimeLimitError                     the run was ended by the time limit of its deployment      124
├── ServingEndedError                  a process that `bantam serve` needs has ended              1
├── UnexpectedError                    a fault of Bantam, a library or the machine                70
└── NeedsPersonError                   stop the run
    ├── ConfigurationError             a setting or a definition is wrong                         2
    ├── SourceRefusedError             credentials, scope or quota: the source refused us         3
    ├── SourceAnswerUnusableError      the response does not have the documented shape            3
    ├── OriginRefusedError             a link points away from the configured origin              3
    ├── FileUnreadableError            a source file cannot be read as it was declared            3
    ├── LandingError                   a page could not be stored, or the stored page is damaged  4
    ├── TransformError                 records contradict the contract                            4
    ├── AuditRefusedError              the staged tables failed their audit; none is published    5
    └── PublishError                   the warehouse refused the transaction                      6
        └── PublicationUnknownError    the reply to COMMIT was lost; the next run looks it up     6

A message says source, stream, page or line, field and next step; never a secret, never a person's data.
Other exit codes: 0 published or nothing to do; 130 after Ctrl-C (SIGINT) and 143 after SIGTERM, whether or not the run
was published before (the line on stderr and the report state which); 1 for a command line that cannot be parsed.
"""

from typing import ClassVar


class PipelineError(Exception):
    """Base class; `exit_code` is the exit code of `bantam`."""

    exit_code: ClassVar[int] = 4


class TryAgainError(PipelineError):
    """The source is busy or down; waiting helps."""

    exit_code = 3


class AnotherRunActiveError(PipelineError):
    """Another run holds the warehouse lock."""

    exit_code = 75


class AlertPendingError(PipelineError):
    """The tables are published; at least one alert did not leave and will be tried again."""

    exit_code = 7


class RunInterruptedError(PipelineError):
    """A signal ended the run before its COMMIT was sent; the exit code depends on the signal."""

    exit_code = 143


class TimeLimitError(PipelineError):
    """A run took longer than its deployment allows, and was ended."""

    exit_code = 124


class ServingEndedError(PipelineError):
    """A process that `bantam serve` needs has ended by itself; the supervisor restarts it."""

    exit_code = 1


class UnexpectedError(PipelineError):
    """An exception that was not raised on purpose; the message has its type and location, never its text.

    70 is EX_SOFTWARE of sysexits.h: an internal software error.
    """

    exit_code = 70


class NeedsPersonError(PipelineError):
    """Waiting does not help; a person has to change something."""


class ConfigurationError(NeedsPersonError):
    """A setting or a definition is wrong; the message names file and line."""

    exit_code = 2


class SourceRefusedError(NeedsPersonError):
    """Credentials, scope or quota: the source refused the request."""

    exit_code = 3


class SourceAnswerUnusableError(NeedsPersonError):
    """The source responded, in a shape that its documentation does not describe."""

    exit_code = 3


class OriginRefusedError(NeedsPersonError):
    """A link in an answer points to another origin than the configured one."""

    exit_code = 3


class FileUnreadableError(NeedsPersonError):
    """A source file cannot be read as it was declared; the message names file, column and lines."""

    exit_code = 3


class LandingError(NeedsPersonError):
    """A page could not be written durably, or a stored page no longer matches its checksum."""


class TransformError(NeedsPersonError):
    """Records violate the contract in a way that quarantine cannot handle."""


class AuditRefusedError(NeedsPersonError):
    """The staged tables failed a structural check; the published ones stay as they were."""

    exit_code = 5


class PublishError(NeedsPersonError):
    """The warehouse refused the publish transaction; the published tables stay as they were."""

    exit_code = 6


class PublicationUnknownError(PublishError):
    """The connection was lost during COMMIT, and the server could not be asked whether it succeeded."""
