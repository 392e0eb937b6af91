import uuid

from leads import log_context

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


def test_it_is_about_one_lead_until_the_next_one_or_until_it_is_forgotten() -> None:
    log_context.forget()
    assert log_context.current() == ""
    log_context.follow(ONE)
    log_context.follow(str(OTHER).upper())
    assert log_context.current() == str(OTHER)
    log_context.forget()
    assert log_context.current() == ""


def test_a_block_is_about_its_lead_alone() -> None:
    log_context.follow(ONE)
    with log_context.about(OTHER):
        assert log_context.current() == str(OTHER)
    assert log_context.current() == str(ONE)
    log_context.forget()


def test_what_a_stranger_sends_as_an_id_is_none() -> None:
    log_context.forget()
    log_context.follow("050-555 0101\nlead=forged")
    assert log_context.current() == ""
