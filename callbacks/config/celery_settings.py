"""Celery's settings that are the same in every installation; the others: callbacks.config.settings.

PostgreSQL is the truth, and a task is only the wake-up.
"""

# A worker outlives its broker, whatever that does or says: it tries again, for ever.
CELERY_BROKER_CONNECTION_RETRY = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_BROKER_HEARTBEAT = 15  # RabbitMQ only
# Callers that may not wait publish through callbacks.common.task_publisher; the sweep makes good
# what failed.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "callbacks"
# RabbitMQ only: a replicated queue, and the prefetch count per consumer, as it demands.
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
CELERY_WORKER_DETECT_QUORUM_QUEUES = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A dial waits for the network. Celery can bound no task in a thread, so everything that a task
# waits for has a limit of its own: the provider, the database, the broker.
CELERY_WORKER_POOL = "threads"
# A dial in hand has nothing to do with the connection that brought it.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "callbacks.config.beat:Scheduler"
