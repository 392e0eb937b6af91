from collections.abc import Iterator

import pytest

from tests.support.simulator import Receiver, SimulatorProcess, receiver


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as process:
        yield process


@pytest.fixture
def sim(simulator: SimulatorProcess) -> SimulatorProcess:
    """The simulator as if just started."""
    simulator.control(reset=True)
    return simulator


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as box:
        yield box
