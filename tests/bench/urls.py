"""The product's URLs, and beside them the floors: bare views with one INSERT, with one SELECT."""

import time

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from billing.ids import new_id
from billing.urls import handler400, handler404, handler500
from billing.urls import urlpatterns as theirs

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

TABLE = """
    create table if not exists bench_row (id text primary key, amount bigint, at timestamptz)
"""


def insert(request: HttpRequest) -> HttpResponse:
    """Write one row and answer its id: the least that creating anything in Django costs."""
    identifier = new_id("po")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bench_row (id, amount, at) values (%s, %s, now())", [identifier, 49990000]
        )
    return JsonResponse({"id": identifier, "status": "draft"}, status=201)


def select(request: HttpRequest) -> HttpResponse:
    """Read one row by its key and answer it: the least that asking for anything in Django costs."""
    with connection.cursor() as cursor:
        cursor.execute("select id, amount from bench_row where id = %s", ["po_asked"])
        row = cursor.fetchone()
    return JsonResponse({"id": row and row[0], "status": "draft"})


def cpu(request: HttpRequest) -> HttpResponse:
    """Answer the seconds of processor time of this process, which no other's noise reaches."""
    return HttpResponse(repr(time.process_time()))


urlpatterns = [
    path("bench/insert", insert),
    path("bench/select", select),
    path("bench/cpu", cpu),
    *theirs,
]
