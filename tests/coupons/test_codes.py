"""Codes: how they are made, read and kept."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rangli.coupons import codes
from rangli.coupons.codes import ALPHABET, MistypedError, UnreadableError

KEY = b"k" * 32
symbols = st.text(ALPHABET, min_size=16, max_size=16)
prefixes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=10)


def whole(data: str) -> str:
    return data + codes.check_character(data)


def test_a_code_is_sixteen_random_characters_and_a_check_character_in_groups():
    (code,) = codes.generate(1)

    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4, 1]
    data, check = code.replace("-", "")[:16], code[-1]
    assert set(code) <= set(ALPHABET) | {"-"}
    assert check == codes.check_character(data)


def test_a_prefix_goes_before_it():
    (code,) = codes.generate(1, "SUMMER24")

    assert code.startswith("SUMMER24-")
    assert len(code) == len("SUMMER24-XXXX-XXXX-XXXX-XXXX-X")


def test_all_eighty_bits_of_a_code_are_random():
    made = [code.replace("-", "") for code in codes.generate(4_000)]

    assert len(set(made)) == len(made)
    for place in range(16):
        seen = {code[place] for code in made}
        assert seen == set(ALPHABET)


@given(symbols, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(data, place, wrong):
    code = whole(data)
    assume(code[place] != wrong)

    with pytest.raises(MistypedError):
        codes.read(code[:place] + wrong + code[place + 1 :])


def test_every_single_wrong_character_of_a_code_is_found():
    code = whole("7ZQ0K3M9VYB1HT5W")
    assert codes.read(code) == code.lower()
    for place in range(17):
        for wrong in set(ALPHABET) - {code[place]}:
            with pytest.raises(MistypedError):
                codes.read(code[:place] + wrong + code[place + 1 :])


@given(symbols, st.integers(0, 16), st.integers(0, 16))
def test_two_characters_that_have_changed_places_are_always_found(data, one, other):
    typed = list(whole(data))
    assume(typed[one] != typed[other])
    assert codes.read("".join(typed)) == whole(data).lower()
    typed[one], typed[other] = typed[other], typed[one]

    with pytest.raises(MistypedError):
        codes.read("".join(typed))


def test_the_check_character_is_the_weighted_sum_over_gf_32():
    def times(a: int, b: int) -> int:  # schoolbook, modulo x^5 + x^2 + 1
        product = 0
        for bit in range(5):
            if b >> bit & 1:
                product ^= a << bit
        for bit in range(8, 4, -1):
            if product >> bit & 1:
                product ^= 0b100101 << (bit - 5)
        return product

    data = "0123456789ABCDEF"
    total, weight = ALPHABET.index(codes.check_character(data)), 2
    for character in reversed(data):
        total ^= times(weight, ALPHABET.index(character))
        weight = times(weight, 2)
    assert total == 0


@given(prefixes, symbols, st.randoms(use_true_random=False))
def test_a_code_is_read_however_it_is_typed(prefix, data, random):
    code = prefix + "-" + whole(data)
    looks_like = {"0": "0Oo", "1": "1IiLl"}
    typed = "".join(
        random.choice(looks_like.get(character, character + character.lower()))
        + random.choice(["", "", " ", "-", " – ", "\u00a0"])
        for character in code.replace("-", "")
    )

    assert codes.read(typed) == codes.read(code)


@given(st.text(max_size=50))
def test_reading_what_was_read_changes_nothing(text):
    try:
        code = codes.read(text)
    except (UnreadableError, MistypedError):
        return

    assert codes.read(code) == code
    assert code == code.casefold()


@pytest.mark.parametrize(
    "text",
    [*"\0\u202e\u200b\ufeff\u2066\ufe0f\u034f\u3164\n\u0007\u00ad\ud800"],
    ids=ascii,
)
def test_characters_that_nobody_sees_are_no_part_of_a_code(text):
    with pytest.raises(UnreadableError):
        codes.read(f"ABCD{text}EFGH")


def test_fullwidth_letters_are_the_same_and_cyrillic_ones_are_not():
    assert codes.read("ＳＵＭＭＥＲ２４") == codes.read("summer-24") == "summer24"
    assert codes.read("SUMM\u0415R24") != codes.read("SUMMER24")


def test_imported_codes_keep_their_letters():
    assert codes.read("HELLO-OIL-1") == "hellooil1"
    assert codes.read("HELLO-OIL-1") != codes.read("HE110-011-1")


def test_what_is_as_long_as_a_code_but_no_code_of_ours_is_read_as_it_stands():
    assert codes.read("UUUU-UUUU-UUUU-UUUU-U") == "u" * 17  # no letter of our alphabet
    assert codes.read("1234567890123456") == "1234567890123456"


def test_errors_never_say_the_code():
    for text in ("0" * 16 + "1", "SECRET\u200bCODE"):
        with pytest.raises(ValueError) as caught:  # noqa: PT011
            codes.read(text)
        assert str(caught.value) == ""


def test_a_hash_depends_on_key_tenant_and_code():
    hashes = {
        codes.hashed(key, tenant, code)
        for key in (KEY, b"l" * 32)
        for tenant in ("t1", "t2")
        for code in ("summer", "winter")
    }

    assert len(hashes) == 8
    assert {len(one) for one in hashes} == {32}
