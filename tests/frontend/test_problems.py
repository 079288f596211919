"""A problem is never lost, however often what it is about is lowered."""

import pytest

import scriptc


def unsupported(text: str):
    with text as file:
        return file


def passes_on(text: str):
    return unsupported(text)


def in_a_loop_lowered_twice(words: list[str]):
    last = None
    for word in words:
        unsupported(word)
        last = word
    return last, passes_on("") is not None


def in_an_argument_that_is_looked_at_first(word: str):
    return list(unsupported(word))


def in_what_a_loop_is_over(text: str):
    for _, word in enumerate(passes_on(text)):
        text += word
    return passes_on(text) is not None


def generated(n: int):
    yield n


def of_a_generator(n: int):
    return reversed(list(generated(n)))


def with_two_types(n: int):
    return passes_on_two(n), passes_on_two(float(n))


def passes_on_two(n):
    return twice(n)


def twice(n):
    with n:
        pass
    return n


class Asked:
    def run(self, n: int):
        total = 0
        for i in range(n):
            total += self.missing
            self.missing = i
        return total


@pytest.mark.parametrize(
    ("function", "reason", "count"),
    [
        (in_a_loop_lowered_twice, "`with`", 1),
        (in_an_argument_that_is_looked_at_first, "`with`", 1),
        (in_what_a_loop_is_over, "`with`", 1),
        (of_a_generator, "`yield`", 1),
        (with_two_types, "`with`", 1),
        (Asked().run, "missing", 1),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_problem_is_reported_once(function, reason, count):
    with pytest.raises(scriptc.CompileError) as caught:
        scriptc.script(function)
    titles = [diagnostic.title_text for diagnostic in caught.value.diagnostics]
    assert len(titles) == count, titles
    assert reason.strip("`") in titles[0]
