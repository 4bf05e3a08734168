"""For the docs, by action. They work with the data of `seed --demo`."""

from typing import Any

from api.views import Example

WHEN = "2026-11-20T12:00:00.123456Z"
ACCESS, REFRESH = "eyJhbGciOiJIUzI1NiIs…access", "eyJhbGciOiJIUzI1NiIs…refresh"
PAIR = {"access": ACCESS, "refresh": REFRESH}
LINK = {"uid": "Mw", "token": "d2k5xu-0b7f0c3a9d1e4f68a2b5c7d9e0f13579"}

ANN: dict[str, Any] = {
    "id": 3,
    "email": "ann@example.com",
    "name": "Ann",
    "is_staff": False,
    "is_active": True,
    "created_at": WHEN,
}
DEE = ANN | {"id": 6, "email": "dee@example.com", "name": "Dee"}
ANN_B = ANN | {"name": "Ann B."}

TOKENS = {
    "sign_in": Example({"email": "ann@example.com", "password": "my-list-demo"}, PAIR),
    "refresh": Example({"refresh": REFRESH}, PAIR),
    "verify": Example({"token": ACCESS}, {"detail": "The token is good."}),
    "revoke": Example({"refresh": REFRESH}),
    "reset": Example(
        {"email": "ann@example.com"},
        {"detail": "If somebody has this address, a link is on its way."},
    ),
    "reset_confirm": Example(LINK | {"password": "a new long password"}),
}
USERS = {
    "list": Example(gets={"next": None, "previous": None, "results": [ANN]}),
    "create": Example(
        {"email": "dee@example.com", "name": "Dee", "password": "correct horse battery"}, DEE
    ),
    "retrieve": Example(gets=ANN),
    "update": Example({"email": "ann@example.com", "name": "Ann B."}, ANN_B),
    "partial_update": Example({"name": "Ann B."}, ANN_B),
}
SIGN_INS = {
    "list": Example(
        gets={
            "next": None,
            "previous": None,
            "results": [
                {
                    "id": 1,
                    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
                    "created_at": WHEN,
                    "refreshed_at": WHEN,
                    "expires_at": "2026-12-20T12:00:00Z",
                    "current": True,
                }
            ],
        }
    )
}
NO_ADDRESS: dict[str, Any] = {
    "detail": "The input breaks a rule; see errors.",
    "errors": [{"pointer": "#/email", "code": "required", "detail": "This field is required."}],
}
