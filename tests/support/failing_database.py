"""A database that cannot store leads now, with PostgreSQL's own errors."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import psycopg
from django.db import OperationalError, connection
from psycopg import sql

from tests.support.simulator import eventually


@contextmanager
def storing_ends_in(sqlstate: str, table: str = "leads_lead") -> Iterator[None]:
    """PostgreSQL answers each new row with this error, whose text includes what was typed, like
    some real errors.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_for_the_test() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'no room for %', to_jsonb(NEW) ->> 'phone' "
            f"USING ERRCODE = '{sqlstate}'; END $$; "
            f"CREATE TRIGGER refuse_for_the_test BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_for_the_test()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_for_the_test CASCADE")


@contextmanager
def closed_to_others() -> Iterator[None]:
    """The database ends all connections except ours, and accepts no new ones, as during a shutdown.

    Ends when this process's connection pool, which waits between tries, has a connection again.
    """
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters.pop("pool", None)
    name = sql.Identifier(connection.settings_dict["NAME"])
    with psycopg.connect(**parameters, autocommit=True) as server:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        try:
            # We have more than one: a test with a browser has another than its fixtures.
            ours = [it.laddr.port for it in psutil.Process().net_connections("tcp") if it.laddr]
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND client_port <> ALL(%s)",
                [connection.settings_dict["NAME"], ours],
            )
            yield
        finally:
            server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    eventually(_a_second_connection_is_had, within=90)


def _a_second_connection_is_had() -> bool:
    """In a thread, which uses another connection of the pool."""

    def had() -> bool:
        try:
            connection.ensure_connection()
        except OperationalError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(had).result()
