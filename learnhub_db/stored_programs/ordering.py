"""The order of things that use each other, the same for the same things on every run."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def by_use(uses: Mapping[str, Collection[str]]) -> list[str]:
    """The names, each behind those that it uses and else by name; where some use each other, the first by name leads.

    Names that are used and are none of the keys do not count.
    """
    left = {name: {used for used in uses[name] if used in uses and used != name} for name in sorted(uses)}
    ordered: list[str] = []
    while left:
        free = next((name for name, used in left.items() if not used & left.keys()), None)
        ordered.append(free or next(name for name in left if _reaches(name, left)))
        del left[ordered[-1]]
    return ordered


def _reaches(name: str, uses: Mapping[str, Collection[str]]) -> bool:
    """Whether `name` uses itself by way of others."""
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        for used in uses.get(ahead.pop(), ()):
            if used == name:
                return True
            if used not in seen:
                seen.add(used)
                ahead.append(used)
    return False
