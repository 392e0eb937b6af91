"""This suite's own simulator, so that it needs neither Django nor a database."""

from collections.abc import Iterator

import pytest

from tests.support.simulator import Receiver, SimulatorProcess, receiver

from .sources import Recorded, Simulated


@pytest.fixture(scope="session")
def contract_process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as process:
        yield process


@pytest.fixture
def simulator(contract_process: SimulatorProcess) -> Iterator[SimulatorProcess]:
    contract_process.control(reset=True)
    yield contract_process
    contract_process.control(reset=True)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as box:
        yield box


@pytest.fixture(params=["recorded", "simulator"])
def source(request: pytest.FixtureRequest) -> Recorded | Simulated:
    """Where the messages come from: every test with this fixture runs once with each source."""
    if request.param == "recorded":
        return Recorded()
    return Simulated(request.getfixturevalue("simulator"), request.getfixturevalue("hook"))
