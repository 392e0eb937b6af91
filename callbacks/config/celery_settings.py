"""Celery settings that every installation shares; the others are in callbacks.config.settings.

PostgreSQL is the truth, and a task is only the wake-up.
"""

# A worker outlives a broker that fails in any way: it retries forever.
CELERY_BROKER_CONNECTION_RETRY = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_BROKER_HEARTBEAT = 15  # RabbitMQ only
# Callers that must not wait publish through callbacks.common.task_publisher; the sweep makes up for
# publications that failed.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "callbacks"
# RabbitMQ only: a replicated queue, and the prefetch count per consumer that it requires.
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
CELERY_WORKER_DETECT_QUORUM_QUEUES = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A dial waits for the network. Celery cannot limit the time of a task in a thread, so everything
# that a task waits for has its own limit: the provider, the database, the broker.
CELERY_WORKER_POOL = "threads"
# A running dial does not depend on the broker connection that delivered its task.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "callbacks.config.beat:Scheduler"
