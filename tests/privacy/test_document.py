"""docs/privacy.md says the same of each table as the table in the code."""

from pathlib import Path

from callbacks.privacy import record_of_processing

DOCUMENT = Path(__file__).parents[2] / "docs" / "privacy.md"


def test_the_table_of_the_document_is_the_one_in_code() -> None:
    assert record_of_processing.table() in DOCUMENT.read_text(), (
        "Put what `manage.py person places` prints into docs/privacy.md."
    )


def test_the_tables_without_personal_data_are_named() -> None:
    text = DOCUMENT.read_text()
    missing = [it for it in record_of_processing.without() if f"`{it}`" not in text]
    assert missing == []
