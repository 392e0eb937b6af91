"""What Celery is told about its broker; the same engine on Redis and on RabbitMQ."""

import pytest
from django.conf import settings
from kombu.connection import Connection
from kombu.transport.redis import Channel

from callbacks.config import broker
from callbacks.config.celery import app
from callbacks.config.checks import LONGEST_TIMEOUT

REDIS = "redis://:password@redis.example.com:6379/0"
RABBITMQ = "amqp://user:password@rabbit.example.com:5672//"


def test_every_wait_for_redis_has_a_limit_in_words_that_kombu_knows() -> None:
    options = broker.transport_options(REDIS, seconds=5)
    assert options["socket_timeout"] == options["socket_connect_timeout"] == 5
    assert set(options) <= set(Channel.from_transport_options)


def test_nothing_is_delivered_twice_while_its_task_may_still_run() -> None:
    visible_again = broker.transport_options(REDIS, seconds=5)["visibility_timeout"]
    assert visible_again > 2 * LONGEST_TIMEOUT + 60
    assert visible_again > settings.CELERY_TASK_TIME_LIMIT


@pytest.mark.parametrize("url", [RABBITMQ, RABBITMQ.replace("amqp", "amqps", 1)])
def test_rabbitmq_confirms_what_it_was_given_and_every_wait_for_it_has_a_limit(url: str) -> None:
    options = broker.transport_options(url, seconds=5)
    assert options["confirm_publish"] is True
    assert options["connect_timeout"] == options["read_timeout"] == options["write_timeout"] == 5


def test_the_queue_is_a_quorum_queue_where_the_broker_has_such() -> None:
    queue = app.amqp.queues[settings.CELERY_TASK_DEFAULT_QUEUE]
    assert queue.queue_arguments == {"x-queue-type": "quorum"}
    assert queue.durable
    assert app.conf.worker_detect_quorum_queues  # then there is no global prefetch count


def test_a_worker_outlives_its_broker_and_takes_one_message_a_thread() -> None:
    conf = app.conf
    assert conf.broker_connection_retry
    assert conf.broker_connection_retry_on_startup
    assert conf.broker_connection_max_retries is None
    assert conf.broker_channel_error_retry
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert not conf.worker_cancel_long_running_tasks_on_connection_loss
    assert conf.result_backend is None


def test_a_dial_has_time_to_end_before_anything_would_cut_it() -> None:
    longest = settings.VOICENTER_CONNECT_TIMEOUT + settings.VOICENTER_TIMEOUT
    assert app.conf.worker_soft_shutdown_timeout > longest
    assert app.conf.task_time_limit > app.conf.worker_soft_shutdown_timeout
    assert app.conf.task_soft_time_limit is None
    assert app.conf.worker_pool == "threads"


@pytest.mark.parametrize("url", [REDIS, RABBITMQ])
def test_kombu_has_a_transport_for_it(url: str) -> None:
    assert Connection(url).transport.implements.asynchronous
