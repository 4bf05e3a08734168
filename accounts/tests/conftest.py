"""One more person to test with."""

import pytest
from django.contrib.auth.models import Permission

from conftest import make


@pytest.fixture
def clerk(db):
    """Staff, with every permission on people and sign-ins, but no superuser."""
    user = make("clerk@example.com", name="Clark", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


@pytest.fixture
def as_clerk(clerk, signed_in):
    return signed_in(clerk)
