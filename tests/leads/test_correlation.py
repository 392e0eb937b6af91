import uuid

from leads import correlation

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


def test_it_is_about_one_lead_until_the_next_one_or_until_it_is_forgotten() -> None:
    correlation.forget()
    assert correlation.current() == ""
    correlation.follow(ONE)
    correlation.follow(str(OTHER).upper())
    assert correlation.current() == str(OTHER)
    correlation.forget()
    assert correlation.current() == ""


def test_a_block_is_about_its_lead_alone() -> None:
    correlation.follow(ONE)
    with correlation.about(OTHER):
        assert correlation.current() == str(OTHER)
    assert correlation.current() == str(ONE)
    correlation.forget()


def test_what_a_stranger_sends_as_an_id_is_none() -> None:
    correlation.forget()
    correlation.follow("050-555 0101\nlead=forged")
    assert correlation.current() == ""
