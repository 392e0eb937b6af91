import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from callbacks.signin.passwords import is_guessed_first

GUESSED = [
    "password1234", "Password1234!", "P@ssw0rd2026", "!!!!password!!!!", "passwordpassword",
    "123456123456", "aaaaaaaaaaaa", "abcabcabcabc", "qwertyuiop123", "1234567890123",
    "asdfghjkl1234", "1qaz2wsx3edc", "q1w2e3r4t5y6", "chickenwing101", "  Welcome12345  ",
    "letmeinletmein", "Liverpool2026!", "zxcvbnm123456", "DRAGON!!!!!!!!",
]  # fmt: skip
TAKEN = [
    "correct horse battery staple", "a-long-word-and-7", "482917305561", "violet kettle march",
    "סיסמה ארוכה מאוד", "длинный пароль тут", "Tr0ub4dor-and-three", "mx!7Qz-rr0pL2",
]  # fmt: skip


@pytest.mark.parametrize("password", GUESSED)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert is_guessed_first(password)
    with pytest.raises(ValidationError):
        validate_password(password, User(username="somebody"))


@pytest.mark.parametrize("password", TAKEN)
def test_nobody_is_asked_for_signs_of_some_kind(password: str) -> None:
    validate_password(password, User(username="somebody"))


@pytest.mark.parametrize(
    ("length", "is_taken"), [(11, False), (12, True), (128, True), (129, False)]
)
def test_the_length(length: int, is_taken: bool) -> None:
    password = ("k7 hv-pq9 zt4 wm" * 9)[:length]
    try:
        validate_password(password)
    except ValidationError:
        assert not is_taken
    else:
        assert is_taken


@pytest.mark.parametrize("text", ["", "\x00", "😀" * 12, "א" * 200_000, "ab" * 100_000])
def test_any_text_is_answered(text: str) -> None:
    is_guessed_first(text)
