"""The codes of the catalog."""

from api.problems import family

MOVIE = family(1, "movie")
TV_SHOW = family(2, "TV show")
