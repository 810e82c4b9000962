"""The words of the command line before click reads them: global options may stand behind the verb too."""

from __future__ import annotations

from collections.abc import Sequence

WITH_VALUE = ("--url", "--defaults-file", "--password-file", "--project")
FLAGS = ("--json", "--debug")


def global_first(words: Sequence[str], verbs: Sequence[str]) -> list[str]:
    """`words` with the global options in front, in their order: of two the later one holds.

    Behind -- nothing is an option, nor behind the NAME of `call`: there the procedure's values stand.
    """
    first: list[str] = []
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word in FLAGS or word.split("=")[0] in WITH_VALUE and "=" in word:
            first.append(word)
        elif word in WITH_VALUE:
            first += [word, *left[:1]]
            left = left[1:]
        else:
            rest.append(word)
            if word == "--" or _ends_options(rest, verbs):
                return [*first, *rest, *left]
    return [*first, *rest]


def _ends_options(rest: Sequence[str], verbs: Sequence[str]) -> bool:
    words = [word for word in rest if not word.startswith("-")]
    return words[:1] == ["call"] and len(words) == 2 and "call" in verbs
