import pytest

from leads import log_context

ONE, OTHER = 105, "107"


def test_it_is_about_one_lead_until_the_next_one_or_until_it_is_forgotten() -> None:
    log_context.forget()
    assert log_context.current() == ""
    log_context.follow(ONE)
    log_context.follow(OTHER)
    assert log_context.current() == "107"
    log_context.forget()
    assert log_context.current() == ""


def test_a_block_is_about_its_lead_alone() -> None:
    log_context.follow(ONE)
    with log_context.about(OTHER):
        assert log_context.current() == "107"
    assert log_context.current() == "105"
    log_context.forget()


@pytest.mark.parametrize(
    "text",
    ["105\nlead=forged", "050-555 0101", "+972505550101", "٣", "1" * 20, "",
     "6a1d9f5e-0000-4000-8000-000000000001"],  # a public_id, from before an update
)  # fmt: skip
def test_what_is_no_rows_number_is_ignored(text: str) -> None:
    log_context.forget()
    log_context.follow(text)
    assert log_context.current() == ""
