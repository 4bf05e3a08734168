"""The yardstick: the three endpoints of the list as FastAPI's competent users write them.

asyncpg's pool and its prepared statements, one statement for each request that needs the database,
JSON built there; redis.asyncio with hiredis, a hash of pages for each person, deleted after each
commit; PyJWT; the answer's bytes handed on as they are. No access line, no rate limit, no statement
for who is asking, no ETag: a token is good until it expires, and the cache can be stale (a slow
reader may store what it read before a commit).
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import asyncpg
import jwt
import redis.asyncio
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response

DATABASE_URL = os.environ["DATABASE_URL"]
REDIS_URL = os.environ["REDIS_URL"]
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
CACHE_SECONDS = 600
TOP = 2**63 - 1

# An item as the API shows it, from a row `i` of the list. row_to_json writes no spaces.
ITEM = """
    SELECT row_to_json(shown) FROM (SELECT
        i.id,
        CASE i.content_type_id WHEN {movie} THEN 'movie' ELSE 'tvshow' END AS content_type,
        i.content_id,
        to_char(i.added_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS added_at,
        i.note,
        CASE i.content_type_id WHEN {movie} THEN ({movie_card}) ELSE ({tvshow_card}) END AS content
    ) AS shown
"""
CARD = """
    SELECT row_to_json(card) FROM (SELECT
        t.id, t.title, t.release_date, t.release_year,
        (
            SELECT coalesce(json_agg(json_build_object('id', g->0, 'name', g->1)), '[]')
            FROM jsonb_array_elements(t.shown_genres) AS g
        ) AS genres,
        t.poster_path, t.rating, t.available
    FROM catalog_{kind} AS t WHERE t.id = i.content_id) AS card
"""
# One row more than asked for tells whether there is a next page.
PAGE = """
    WITH found AS MATERIALIZED (
        SELECT id, content_type_id, content_id, added_at, note FROM mylist_mylistitem
        WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3 + 1
    ), shown AS (
        SELECT * FROM found ORDER BY id DESC LIMIT $3
    )
    SELECT
        coalesce((SELECT count FROM mylist_mylist WHERE user_id = $1), 0) AS count,
        (SELECT count(*) > $3 FROM found) AS more,
        (SELECT min(id) FROM shown) AS last,
        (SELECT coalesce(json_agg(({item}) ORDER BY i.id DESC), '[]')::text FROM shown i) AS results
"""
ADD = """
    WITH i AS (
        INSERT INTO mylist_mylistitem (user_id, content_type_id, content_id, note)
        SELECT $1, {type_id}, id, '' FROM catalog_{kind} WHERE id = $2 AND available
        ON CONFLICT (user_id, content_type_id, content_id) DO NOTHING
        RETURNING *
    )
    SELECT ({item})::text FROM i
"""
SHOW = """
    SELECT ({item})::text FROM mylist_mylistitem i
    WHERE user_id = $1 AND content_type_id = {type_id} AND content_id = $2
"""
REMOVE = """
    DELETE FROM mylist_mylistitem
    WHERE user_id = $1 AND content_type_id = {type_id} AND content_id = $2 RETURNING id
"""

Kind = Literal["movie", "tvshow"]


class Statements:
    """The SQL, with the ids of the two kinds in it."""

    def __init__(self, types: dict[str, int]) -> None:
        cards = {f"{kind}_card": CARD.format(kind=kind) for kind in types}
        item = ITEM.format(movie=types["movie"], **cards)
        self.page = PAGE.format(item=item)
        for name, sql in (("add", ADD), ("show", SHOW), ("remove", REMOVE)):
            by_kind = {k: sql.format(item=item, kind=k, type_id=pk) for k, pk in types.items()}
            setattr(self, name, by_kind)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(DATABASE_URL, min_size=4, max_size=10) as pool:
        rows = await pool.fetch(
            "SELECT model, id FROM django_content_type"
            " WHERE app_label = 'catalog' AND model IN ('movie', 'tvshow')"
        )
        app.state.pool, app.state.sql = pool, Statements(dict(rows))
        app.state.redis = redis.asyncio.from_url(REDIS_URL)
        yield
        await app.state.redis.aclose()


app = FastAPI(lifespan=lifespan, openapi_url=None)


async def signed_in(request: Request) -> int:
    """FastAPI's own HTTPBearer does the same and costs a tenth of a hit."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        claims = jwt.decode(token, SECRET_KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    if scheme.lower() != "bearer":
        raise HTTPException(401)
    return int(claims["user_id"])


Person = Annotated[int, Depends(signed_in)]


def pages_of(person: int) -> str:
    return f"pages:{person}"


@app.get("/api/v1/mylist/")
async def read_list(
    request: Request,
    person: Person,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[int, Query(ge=1)] = TOP,
) -> Response:
    key, place = pages_of(person), f"{cursor}:{page_size}"
    body = await request.app.state.redis.hget(key, place)
    if body is None:
        body = await page(request, person, cursor, page_size)
        async with request.app.state.redis.pipeline(transaction=False) as pipe:
            await pipe.hset(key, place, body).expire(key, CACHE_SECONDS).execute()
    return Response(body, media_type="application/json")


async def page(request: Request, person: int, cursor: int, size: int) -> bytes:
    row = await request.app.state.pool.fetchrow(request.app.state.sql.page, person, cursor, size)
    follow: Any = "null"
    if row["more"]:
        url = request.url.include_query_params(cursor=row["last"], page_size=size)
        follow = f'"{url}"'
    return (
        f'{{"count":{row["count"]},"next":{follow},"previous":null,"results":{row["results"]}}}'
    ).encode()


@app.put("/api/v1/mylist/{kind}/{content_id}/")
async def add(request: Request, person: Person, kind: Kind, content_id: int) -> Response:
    pool, sql = request.app.state.pool, request.app.state.sql
    item, status = await pool.fetchval(sql.add[kind], person, content_id), 201
    if item is None:
        item, status = await pool.fetchval(sql.show[kind], person, content_id), 200
    else:
        await request.app.state.redis.delete(pages_of(person))
    if item is None:
        raise HTTPException(404)
    return Response(item, status, media_type="application/json")


@app.delete("/api/v1/mylist/{kind}/{content_id}/")
async def remove(request: Request, person: Person, kind: Kind, content_id: int) -> Response:
    pool, sql = request.app.state.pool, request.app.state.sql
    if await pool.fetchval(sql.remove[kind], person, content_id) is None:
        raise HTTPException(404)
    await request.app.state.redis.delete(pages_of(person))
    return Response(status_code=204)
