import pytest
from config.tests.test_kept_pages import *
def test_z(on_redis, as_ann, titles):
    from config import front
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    print("handler", type(as_ann.handler), front.is_wanted())
    with CaptureQueriesContext(connection) as q:
        r = as_ann.get(HERE)
    for x in q.captured_queries: print(x["sql"][:150])
    import conftest
    print(conftest.TEST_FRONT, r.headers)
    assert 0
