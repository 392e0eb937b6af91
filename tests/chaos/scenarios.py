"""The scenarios by name, in the order they run."""

from types import ModuleType

from tests.chaos import (
    claims,
    clocks,
    deploys,
    disk_faults,
    equal,
    failpoint_faults,
    kills,
    postgres_faults,
    provider_faults,
    redis_faults,
    restarts,
)

SCENARIOS: dict[str, ModuleType] = {
    "claims": claims,
    # It has a PostgreSQL and a product of its own, and ends a product that runs.
    "disk": disk_faults,
    "equal": equal,
    "restarts": restarts,
    "deploys": deploys,
    "clocks": clocks,
    "provider": provider_faults,
    "kills": kills,
    "postgres": postgres_faults,
    "redis": redis_faults,
    # Last: it stops the product's own workers, and the next scenario would have to start them.
    "failpoints": failpoint_faults,
}
