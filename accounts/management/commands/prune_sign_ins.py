"""Deletes sign-ins whose refresh token has expired."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import SignIn


class Command(BaseCommand):
    help = "Delete sign-ins that have expired. Run it daily."

    def handle(self, *args: Any, **options: Any) -> None:
        gone, _ = SignIn.objects.filter(expires_at__lte=timezone.now()).delete()
        self.stdout.write(f"{gone} expired sign-ins deleted")
