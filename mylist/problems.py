"""The codes of My List."""

from api.problems import CONFLICT, Problem, answers, code, family
from mylist.models import AlreadyListed, ListFull, MyList, NotAddable
from mylist.registry import UnknownKind

LIST_ITEM = family(4, "list item")
ALREADY_LISTED = code(
    4001, 409, "Already on the list", "The title is on the list as the item named by `id`."
)
LIST_FULL = code(4002, 409, "List is full", "Take something off the list first.")
NOT_ADDABLE = code(
    4003, 404, "No such title", "There is no such title, or it was withdrawn from the catalog."
)


@answers(AlreadyListed)
def already_listed(error: AlreadyListed) -> Problem:
    return Problem(ALREADY_LISTED, id=error.item.pk)


@answers(ListFull)
def list_full(error: ListFull) -> Problem:
    return Problem(LIST_FULL, f"A list holds at most {error.limit} items.")


@answers(NotAddable)
def not_addable(error: NotAddable) -> Problem:
    return Problem(NOT_ADDABLE)


@answers(MyList.DoesNotExist)
def person_erased(error: MyList.DoesNotExist) -> Problem:
    """Whoever writes has a list, unless they were erased since they were let in."""
    return Problem(CONFLICT)


@answers(UnknownKind)
def unknown_kind(error: UnknownKind) -> Problem:
    return Problem(LIST_ITEM.missing)
