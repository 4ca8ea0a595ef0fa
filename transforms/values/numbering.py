"""Read telephone numbers by the numbering plans of phonenumbers, whole columns at a time.

The library takes some twenty microseconds a number, and a million people have a million numbers. Its plans are regular
expressions, so the plain cases can be read natively. What is read here is what the library would read; a number that
needs more than its plan (a carrier code, a prefix that might belong to the number, a number in no plan) is left to it.
"""

from functools import reduce
from operator import or_

import polars as pl
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

_CALLING_CODE = rf"^\+({'|'.join(sorted(map(str, COUNTRY_CODE_TO_REGION_CODE)))})"
_NUMBER, _SIGNIFICANT = pl.col("number"), pl.col("significant")
_NO = pl.lit(value=False)


def read_by_plan(rows: pl.DataFrame) -> pl.Series:
    """Read `number` (digits, perhaps after a plus) in `region` as E.164 text, null where it is left to the library."""
    numbered = rows.select(
        _NUMBER,
        row=pl.row_index(),
        code=_NUMBER.str.extract(_CALLING_CODE),
        region=pl.when(~_NUMBER.str.starts_with("+")).then("region"),
    ).filter(_NUMBER.str.contains(r"^\+?[0-9]+$"))
    read = [pl.DataFrame(schema={"row": pl.get_index_type(), "e164": pl.String})]
    for (code, region), part in numbered.partition_by("code", "region", as_dict=True).items():
        if code is not None and COUNTRY_CODE_TO_REGION_CODE[int(code)][0] in SUPPORTED_REGIONS:
            read.append(_in_plan(part.with_columns(significant=_after_calling_code(code)), code))
        elif region in SUPPORTED_REGIONS:
            own_code = str(_plan(region).country_code)
            read.append(_in_plan(part.with_columns(significant=_as_dialled_in(region)), own_code))
    return rows.select(row=pl.row_index()).join(pl.concat(read), on="row", how="left", maintain_order="left")["e164"]


def _after_calling_code(code: str) -> pl.Expr:
    prefix = _plan(COUNTRY_CODE_TO_REGION_CODE[int(code)][0]).national_prefix_for_parsing
    significant = _NUMBER.str.slice(1 + len(code))
    return pl.when(~_begins(significant, prefix)).then(significant)


def _as_dialled_in(region: str) -> pl.Expr:
    plan = _plan(region)
    prefix, code = plan.national_prefix_for_parsing, str(plan.country_code)
    after_code = _NUMBER.str.slice(len(code))
    is_whole = _matches(_NUMBER, plan.general_desc)
    is_whole_after_code = ~is_whole & _matches(after_code, plan.general_desc) & ~_begins(after_code, prefix)
    can_go = bool(prefix) and "(" not in str(prefix).replace("(?:", "")
    without_prefix = _NUMBER.str.replace(f"^(?:{_ascii(str(prefix))})", "") if can_go else pl.lit(None)
    return (
        pl.when(_begins(_NUMBER, plan.international_prefix))
        .then(None)
        .when(_NUMBER.str.starts_with(code))
        .then(pl.when(is_whole_after_code).then(after_code))
        .when(~_begins(_NUMBER, prefix))
        .then(_NUMBER)
        .when(~is_whole)
        .then(without_prefix)
    )


def _in_plan(part: pl.DataFrame, code: str) -> pl.DataFrame:
    """Keep the rows whose number is in the plan of the first region that claims it, of those that share the code."""
    found = []
    for region in COUNTRY_CODE_TO_REGION_CODE[int(code)]:
        plan = _plan(region)
        has_number = _is_of_some_type(plan)
        claimed = part.filter(_begins(_SIGNIFICANT, plan.leading_digits) if plan.leading_digits else has_number)
        numbered = claimed.filter(has_number) if plan.leading_digits else claimed
        found.append(numbered.select("row", e164=pl.lit(f"+{code}") + _SIGNIFICANT))
        part = part.join(claimed, on="row", how="anti")
        if part.is_empty():
            break
    return pl.concat(found)


def _is_of_some_type(plan: PhoneMetadata) -> pl.Expr:
    kinds = (
        plan.fixed_line, plan.mobile, plan.toll_free, plan.premium_rate, plan.shared_cost, plan.personal_number,
        plan.voip, plan.pager, plan.uan, plan.voicemail,
    )  # fmt: skip
    return _is_described(plan.general_desc) & reduce(or_, (_is_described(kind) for kind in kinds))


def _is_described(kind: PhoneNumberDesc | None) -> pl.Expr:
    has_length = (
        _SIGNIFICANT.str.len_bytes().is_in(list(kind.possible_length)) if kind and kind.possible_length else None
    )
    matches = _matches(_SIGNIFICANT, kind)
    return matches if has_length is None else has_length & matches


def _matches(digits: pl.Expr, kind: PhoneNumberDesc | None) -> pl.Expr:
    pattern = kind.national_number_pattern if kind else None
    return digits.str.contains(f"^(?:{_ascii(pattern)})$") if pattern else _NO


def _begins(digits: pl.Expr, pattern: str | None) -> pl.Expr:
    return digits.str.contains(f"^(?:{_ascii(pattern)})") if pattern else _NO


def _ascii(pattern: str) -> str:
    # Unicode knows hundreds of digits; an expression that allows them all is large and slow.
    return pattern.replace(r"\d", "[0-9]")


def _plan(region: str) -> PhoneMetadata:
    plan = PhoneMetadata.metadata_for_region(region)
    if plan is None:
        raise LookupError(f"phonenumbers lists the region {region} and has no plan for it")
    return plan
