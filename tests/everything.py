"""A reader who has something in every table: what is held about people is tested on them."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.db import connection, models

from articles.models import Article
from edge.personal_data import PersonalData
from groups.models import GroupAccount
from readers.models import User
from rights.inventory import annotation_of, of_readers
from subscriptions.models import Plan
from tests.make import NOW, a_plan, a_reader, an_article

ADDRESS, NAME = "quirine.zonnebloem@example.org", "Quirine Zonnebloem"
# What a generic row cannot know: fields that constraints want to agree.
SPECIAL: dict[str, dict[str, Any]] = {
    "subscriptions.Subscription": {
        "status": "canceled",
        "ends_at": NOW,
        "pause_starts_at": None,
        "pause_ends_at": None,
        "surplus": "",
    },
    "subscriptions.Customer": {"deleted_at": None},
    "subscriptions.PutOff": {"was_due_at": NOW - timedelta(days=1)},
    "subscriptions.Grant": {"starts_at": NOW - timedelta(days=2), "ends_at": NOW - timedelta(days=1)},
    "subscriptions.CheckoutAttempt": {"completed_at": NOW},
    "groups.GroupAccount": {"ended_at": None, "suspended_at": None, "language": "en"},
    "groups.Term": {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)},
    "groups.Domain": {"name": "example.org", "ended_at": None},
    "groups.Invitation": {"withdrawn_at": None},
    "groups.Enquiry": {"closed_at": None},
    "groups.OffSitePass": {"asked_at": NOW - timedelta(days=1), "opened_times": 1, "ended_at": None},
    "groups.Opening": {"visit": ""},
    "groups.PersonDay": {"visit": "", "articles": 2, "times": 3},
    "rights.Statement": {"kind": "withdrawal", "wished_on": None, "reason": ""},
    "mfa.Authenticator": {"type": "webauthn", "data": {"name": "Telephone", "credential": {}}},
    "readers.Letter": {"kind": "welcome", "sent_at": NOW, "withdrawn": False},
    "usersessions.UserSession": {"data": {}},
    # An organisation's, and of no reader.
    "socialaccount.SocialApp": {"name": "Harbour & Vale", "settings": {}},
}
_numbers = count(1)


def a_reader_with_everything(email: str = ADDRESS, name: str = NAME) -> User:
    """A reader with at least one row in every table that can hold something about readers."""
    reader = a_reader(email, name=name)
    a_plan()
    for entry in reversed(of_readers()):
        if entry.data.persons != "readers" or entry.model in (User, EmailAddress):
            continue
        if not entry.rows_of(reader, frozenset({reader.email})).exists():
            a_row(entry.model, reader)
    return reader


def a_row(model: type[models.Model], reader: User, **fields: Any) -> models.Model:
    """A row of any model, about that reader, with something in every field."""
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name in fields or field.name in SPECIAL.get(model._meta.label, {}):
            continue
        if isinstance(field, models.AutoField | models.BigAutoField) or (field.primary_key and field.has_default()):
            continue
        values[field.name] = _value_of(field, reader)
    return model._base_manager.create(**values | SPECIAL.get(model._meta.label, {}) | fields)


def _value_of(field: Any, reader: User) -> Any:
    """Something that fits the field, and tells of the reader where it can."""
    if isinstance(field, models.ForeignKey):
        return _target_of(field, reader)
    if isinstance(field, models.EmailField) or field.name == "mailbox":
        return reader.email
    if field.choices:
        return next(value for value, _ in field.flatchoices if value)
    if isinstance(field, models.BooleanField):
        return True
    if isinstance(field, models.DateTimeField):
        return NOW + timedelta(microseconds=123456)
    if isinstance(field, models.DateField):
        return date(2026, 11, 17)
    if isinstance(field, models.JSONField):
        return {"said": f"about {reader.email}"}
    if isinstance(field, models.IntegerField | models.FloatField):
        return next(_numbers)
    if isinstance(field, models.GenericIPAddressField):
        return "192.0.2.7"
    if isinstance(field, models.UUIDField):
        return field.get_default()
    if isinstance(field, models.URLField):
        return f"https://example.org/{next(_numbers)}"
    if field.name == "name":
        return reader.name
    return f"{field.name}-{next(_numbers)}"[: field.max_length]


def _target_of(field: Any, reader: User) -> Any:
    target = field.related_model
    if target is User:
        said = annotation_of(field.model)
        is_colleague = not isinstance(said, PersonalData) or field.name in said.colleagues
        return somebody_else() if is_colleague else reader
    if target is Plan:
        return a_plan()
    if target is Article:
        return Article.objects.first() or an_article()
    if target is GroupAccount:
        return a_row(target, reader)
    found = target._base_manager.all()
    if isinstance(field, models.OneToOneField):
        taken = field.model._base_manager.values(field.attname)
        found = found.exclude(pk__in=taken)
    return found.filter(**_of(target, reader)).first() or a_row(target, reader)


def _of(target: type[models.Model], reader: User) -> dict[str, Any]:
    owners = {field.name for field in target._meta.concrete_fields} & {"reader", "user"}
    return dict.fromkeys(owners, reader)


def somebody_else() -> User:
    """A colleague at the desk."""
    return User.objects.filter(is_staff=True).first() or a_reader("carol@example.org", is_staff=True)


def every_cell_that_says(words: str) -> set[str]:
    """Every `table.column` of the database in which these words stand, however they are capitalised."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [one[0] for one in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    if words.lower() in str(value).lower():
                        found.add(f"{table}.{column}")
    return found
