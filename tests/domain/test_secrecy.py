"""From how many people on anything is shown, and what a sealed answer holds."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TypeGuard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.board import MAX_FINDING, Matter, Telling
from bot.domain.poll import MAX_OPTIONS, MAX_WORDS, PollAnswer, Rules
from bot.domain.pulse import MARKS, Answer
from bot.domain.pulse import MAX_WORDS as MAX_PULSE_WORDS
from bot.domain.secrecy import ENOUGH, at_least, enough, new_key, packed, pseudonym, room, unpacked

ROOT = Path(__file__).parents[2]
texts = st.text(max_size=60)


@pytest.mark.parametrize(("people", "told"), [(0, 0), (4, 0), (5, 5), (9, 5), (10, 10), (28, 25)])
def test_the_number_of_people_moves_in_steps_of_five(people: int, told: int) -> None:
    assert at_least(people) == told
    assert enough(people) is (people >= ENOUGH)


def test_a_pseudonym_is_always_the_same_under_its_key_only() -> None:
    key = new_key()
    assert pseudonym(key, "somebody") == pseudonym(key, "somebody")
    assert (
        len({pseudonym(key, "somebody"), pseudonym(key, "somebody else"), pseudonym(new_key(), "somebody")})
        == 3
    )
    assert "somebody" not in pseudonym(key, "somebody")


@given(texts, st.integers(60, 80))
def test_words_come_back_and_their_length_does_not_show(words: str, longest: int) -> None:
    content = packed(words, longest)
    assert len(content) == room(longest)
    assert unpacked(content) == words


@pytest.mark.parametrize("words", ["", "x" * 500, "é" * 500, "\U0001f469" * 500, "\0" * 500])
def test_the_longest_words_have_room(words: str) -> None:
    assert unpacked(packed(words, 500)) == words


def test_half_a_character_becomes_a_question_mark_and_too_many_are_refused() -> None:
    assert unpacked(packed("a\ud83d", 5)) == "a?"
    with pytest.raises(ValueError, match="6 characters"):
        packed("123456", 5)


@given(st.frozensets(st.integers(0, MAX_OPTIONS - 1)), texts, st.booleans())
def test_an_answer_to_a_poll_is_as_long_as_any_other(chosen: frozenset[int], words: str, many: bool) -> None:
    rules = Rules(many=many, asks_words=True)
    answer = PollAnswer(chosen, words)
    assert PollAnswer.unpacked(answer.packed(rules)) == answer
    assert len(answer.packed(rules)) == len(PollAnswer().packed(rules))
    plain = Rules(many=many)
    assert len(PollAnswer(chosen).packed(plain)) == len(PollAnswer().packed(plain)) < MAX_WORDS


@given(*3 * [st.sampled_from(MARKS)], texts)
def test_an_answer_to_a_pulse_is_as_long_as_any_other(a: int, b: int, c: int, words: str) -> None:
    answer = Answer(a, b, c, words)
    assert Answer.unpacked(answer.packed()) == answer
    assert len(answer.packed()) == len(Answer(1, 1, 1, "x" * MAX_PULSE_WORDS).packed())


@given(st.dictionaries(st.sampled_from(Matter), st.text(min_size=1, max_size=60)))
def test_what_is_said_on_the_board_is_as_long_as_anything_else(said: dict[Matter, str]) -> None:
    telling = Telling(pseudonym(new_key(), "somebody"), said)
    assert Telling.unpacked(telling.packed()) == telling
    longest = Telling("00" * 16, dict.fromkeys(Matter, "é" * MAX_FINDING))
    assert len(telling.packed()) == len(longest.packed())


def test_only_one_file_knows_the_threshold() -> None:
    """All others ask `enough` or `at_least`: none compares with five, rounds to fives or names the number."""
    packages = ("bot", "handlers", "storage", "scheduler")
    files = {file: file.read_text() for package in packages for file in (ROOT / package).rglob("*.py")}
    assert [file.name for file, code in files.items() if "ENOUGH" in code] == ["secrecy.py"]
    nodes = [(file, node) for file, code in files.items() for node in ast.walk(ast.parse(code))]
    assert [f"{file.name}:{node.lineno}" for file, node in nodes if _weighs_five(node)] == []


def _weighs_five(node: ast.AST) -> TypeGuard[ast.expr]:
    match node:
        case ast.Compare(left, _, others):
            return any(isinstance(each, ast.Constant) and each.value == ENOUGH for each in (left, *others))
        case ast.BinOp(_, ast.Mod() | ast.FloorDiv(), ast.Constant(value)):
            return bool(value == ENOUGH)
        case _:
            return False
