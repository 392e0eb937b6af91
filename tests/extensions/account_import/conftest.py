from tests.admin.conftest import manager, managing, staff_with
from tests.console.conftest import run

__all__ = ["manager", "managing", "run", "staff_with"]
