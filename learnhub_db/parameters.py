"""A stored procedure's parameter as the catalogue declares it, and how a word of text becomes its value."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from learnhub_db.errors import UsageError

Value = int | float | Decimal | str | bytes | None
Number = TypeVar("Number", Decimal, float)

SHOWN_CHARACTERS = 60
LARGEST_FLOAT = 3.4028234663852886e38
TIMESTAMPS = datetime(1970, 1, 1, 0, 0, 1), datetime(2038, 1, 19, 3, 14, 7)
LONGEST_TIME_SECONDS = 838 * 3600 + 59 * 60 + 59
INTEGER_BYTES = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 8}
BOOLEANS = {"true": 1, "false": 0, "yes": 1, "no": 0}
ENUM_ESCAPES = {"\\0": "\0", "\\n": "\n", "\\r": "\r", "\\\\": "\\", "''": "'"}


@dataclass(frozen=True)
class Parameter:
    name: str
    mode: str  # IN, OUT or INOUT
    kind: str  # decimal
    declared: str  # decimal(10,2) unsigned
    length: int | None = None  # characters of CHAR and VARCHAR, bytes of the other strings
    precision: int | None = None
    scale: int | None = None
    fraction: int | None = None  # digits after the second
    collation: str | None = None

    def __str__(self) -> str:
        return f"{'' if self.mode == 'IN' else self.mode + ' '}{self.name} {self.declared}"

    @property
    def takes_value(self) -> bool:
        return self.mode != "OUT"

    @property
    def unsigned(self) -> bool:
        return "unsigned" in self.declared

    def value(self, text: str) -> Value:
        """What `text` says to this parameter: NULL is NULL, 'NULL' the word; UsageError where it does not fit."""
        if text == "NULL":
            return None
        if re.fullmatch("'+NULL'+", text):
            text = text[1:-1]
        try:
            return READERS.get(self.kind, _binary)(self, text)
        except ValueError as error:
            raise UsageError(f"{shown(text)} does not fit {self.name} {self.declared}", "", str(error)) from None


def shown(text: str) -> str:
    """`text` quoted on one line, its middle left out where it is long."""
    if len(text) > SHOWN_CHARACTERS:
        text = f"{text[:40]}…{text[-10:]}"
    return repr(text)


def _integer(parameter: Parameter, text: str) -> int:
    words = BOOLEANS if parameter.declared == "tinyint(1)" else {}
    if text.lower() in words:
        return words[text.lower()]
    values = 256 ** INTEGER_BYTES[parameter.kind]
    low, high = (0, values - 1) if parameter.unsigned else (-values // 2, values // 2 - 1)
    if not re.fullmatch("[+-]?[0-9]{1,20}", text) or not low <= int(text) <= high:
        booleans = "true, false, yes, no, or " if words else ""
        raise ValueError(f"write {booleans}a whole number from {low} to {high}")
    return int(text)


def _decimal(parameter: Parameter, text: str) -> Decimal:
    number = re.fullmatch(r"([+-]?)(?=\.?[0-9])0*([0-9]*)(?:\.([0-9]*?)0*)?", text)
    whole = parameter.precision - parameter.scale
    if not number or len(number[2]) > whole or len(number[3] or "") > parameter.scale:
        raise ValueError(f"write a number with at most {whole} digits before the point and {parameter.scale} after it")
    return _not_negative(parameter, Decimal(text))


def _float(parameter: Parameter, text: str) -> float:
    if not re.fullmatch(r"[+-]?(?=\.?[0-9])[0-9]*(\.[0-9]*)?([eE][+-]?[0-9]+)?", text):
        raise ValueError("write a number such as 2.5 or 1e-9")
    number = float(text)
    if math.isinf(number) or parameter.kind == "float" and abs(number) > LARGEST_FLOAT:
        raise ValueError("the number is too large")
    return _not_negative(parameter, number)


def _not_negative(parameter: Parameter, number: Number) -> Number:
    if parameter.unsigned and number < 0:
        raise ValueError("it cannot be negative")
    return number


def _bit(parameter: Parameter, text: str) -> int:
    if not re.fullmatch("[0-9]{1,20}|0x[0-9a-fA-F]{1,16}|0b[01]{1,64}", text):
        raise ValueError("write it as 5, 0x05 or 0b101")
    number = int(text) if text.isdecimal() else int(text, 0)
    if number.bit_length() > parameter.precision:
        raise ValueError(f"it has more than {parameter.precision} bits")
    return number


def _characters(parameter: Parameter, text: str) -> str:
    _encoded(text)
    if len(text) > parameter.length:
        raise ValueError(f"it has {len(text)} characters, {parameter.length} fit")
    return text


def _long_text(parameter: Parameter, text: str) -> str:
    unicode = (parameter.collation or "").startswith("utf8")
    size = len(_encoded(text)) if unicode else len(text)
    if size > parameter.length:
        raise ValueError(f"it has {size} bytes, {parameter.length} fit")
    return text


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError("it is not UTF-8") from None


def _binary(parameter: Parameter, text: str) -> bytes:
    if not re.fullmatch("0x([0-9a-fA-F]{2})*", text):
        raise ValueError("write its bytes as 0x and two hexadecimal digits each")
    octets = bytes.fromhex(text[2:])
    if parameter.length is not None and len(octets) > parameter.length:
        raise ValueError(f"it has {len(octets)} bytes, {parameter.length} fit")
    return octets


def _member(parameter: Parameter, text: str) -> str:
    members = _members(parameter)
    if text in members:
        return text
    if (parameter.collation or "").endswith("_ci"):
        for member in members:
            if member.casefold() == text.casefold():
                return member
    raise ValueError("write one of " + ", ".join(map(repr, members)))


def _set(parameter: Parameter, text: str) -> str:
    return ",".join(_member(parameter, word) for word in text.split(",")) if text else ""


def _members(parameter: Parameter) -> list[str]:
    quoted = re.findall(r"'((?:[^'\\]|\\.|'')*)'", parameter.declared)
    return [re.sub(r"\\.|''", lambda escape: ENUM_ESCAPES.get(escape[0], escape[0]), member) for member in quoted]


def _date(parameter: Parameter, text: str) -> str:
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("write YYYY-MM-DD")
    return date.fromisoformat(text).isoformat()


def _datetime(parameter: Parameter, text: str) -> str:
    parts = re.fullmatch(r"([0-9-]{10})(?:[ T]([0-9:]{5}|[0-9:]{8})(\.[0-9]{1,6})?)?", text)
    if not parts:
        raise ValueError("write YYYY-MM-DD HH:MM:SS in UTC, without a time zone")
    day, clock, fraction = parts[1], parts[2] or "00:00", _fraction(parameter, parts[3])
    moment = datetime.fromisoformat(f"{day} {clock}")
    first, last = TIMESTAMPS
    if parameter.kind == "timestamp" and not first <= moment <= last:
        raise ValueError(f"write a moment from {first} to {last}")
    return f"{moment}{fraction}"


def _time(parameter: Parameter, text: str) -> str:
    parts = re.fullmatch(r"-?([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9])(\.[0-9]{1,6})?)?", text)
    if not parts:
        raise ValueError("write HH:MM:SS")
    hours, minutes, seconds = (int(part or 0) for part in parts.groups()[:3])
    length = hours * 3600 + minutes * 60 + seconds + float(_fraction(parameter, parts[4]) or 0)
    if length > LONGEST_TIME_SECONDS:
        raise ValueError("write a time from -838:59:59 to 838:59:59")
    return text


def _fraction(parameter: Parameter, text: str | None) -> str:
    fraction = (text or "").rstrip("0").rstrip(".")
    if len(fraction) > (parameter.fraction or 0) + 1:
        raise ValueError(f"write at most {parameter.fraction or 0} digits after the second")
    return fraction


def _year(parameter: Parameter, text: str) -> int:
    if not re.fullmatch("[0-9]{4}", text) or not (text == "0000" or 1901 <= int(text) <= 2155):
        raise ValueError("write a year from 1901 to 2155, or 0000")
    return int(text)


def _json(parameter: Parameter, text: str) -> str:
    try:
        json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    _encoded(text)
    return text


def _no_constant(word: str) -> None:
    raise ValueError(f"JSON knows no {word}")


# A type that is not here (BINARY, BLOB, POINT, VECTOR, …) takes its bytes.
READERS: dict[str, Callable[[Parameter, str], Value]] = {
    **dict.fromkeys(INTEGER_BYTES, _integer),
    **dict.fromkeys(("char", "varchar"), _characters),
    **dict.fromkeys(("tinytext", "text", "mediumtext", "longtext"), _long_text),
    **dict.fromkeys(("float", "double"), _float),
    **dict.fromkeys(("datetime", "timestamp"), _datetime),
    "bit": _bit,
    "date": _date,
    "decimal": _decimal,
    "enum": _member,
    "json": _json,
    "set": _set,
    "time": _time,
    "year": _year,
}
