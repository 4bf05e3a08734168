"""Two kinds of content, to show that mylist needs no catalog."""

from django.db import models


class Studio(models.Model):
    name = models.CharField(max_length=100)

    def __str__(self):
        return self.name


class Film(models.Model):
    title = models.CharField(max_length=100)
    withdrawn = models.BooleanField(default=False)
    # Goes with its studio.
    studio = models.ForeignKey(Studio, on_delete=models.CASCADE, null=True)

    def __str__(self):
        return self.title


class Series(models.Model):
    title = models.CharField(max_length=100)

    def __str__(self):
        return self.title
