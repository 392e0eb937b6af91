"""`python -m callbacks.catalogs compile`, which every deployment runs, and `… update`, which is
`make messages`.
"""

import argparse
import sys

from callbacks.catalogs import extract, files


def main() -> int:
    """Returns 0, or 1 after a sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m callbacks.catalogs", description=__doc__)
    parser.add_argument("command", choices=("compile", "update"))
    command = parser.parse_args().command
    try:
        if command == "update":
            _update()
        else:
            files.compile_all()
    except files.BrokenCatalog as broken:
        sys.stderr.write(f"{broken}\n")
        return 1
    return 0


def _update() -> None:
    template = extract.template()
    for language in files.LANGUAGES:
        path = files.po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files.updated(language, template))
        missing = [it for it in files.read(language) if it.id and not files.is_translated(it)]
        name = path.relative_to(files.FOLDER.parent)
        sys.stdout.write(f"{name}: {len(missing)} sentences to translate\n")
    files.compile_all()


if __name__ == "__main__":
    sys.exit(main())
