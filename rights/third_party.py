"""What the models of the libraries keep of people: they cannot say it themselves."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_tasks.base import TaskResultStatus

from edge.personal_data import ERASE, Basis, Keep, PersonalData, Persons, Rule, days

FINISHED = Q(status__in=[TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED])
DESK_LOG = Rule(
    term=days("KEEP_DESK_LOG_DAYS"),
    counted_from="action_time",
    since=_("after the entry"),
    why=_("By then nobody asks any more who changed what."),
)
RUNS = Rule(
    term=days("KEEP_RUNS_DAYS"),
    counted_from="finished_at",
    since=_("after the job ended"),
    why=_("By then a fault would have been looked into."),
    only=FINISHED,
)

# By Django's label of the model. None: nobody is in it.
PERSONAL_DATA: dict[str, PersonalData | None] = {
    "account.EmailAddress": PersonalData(
        what=_("Your addresses"),
        purpose=_("To know which addresses are proved to be yours."),
        basis=Basis.CONTRACT,
        whose="user",
        on_deletion=ERASE,
    ),
    "account.EmailConfirmation": PersonalData(
        what=_("Links that prove an address"),
        purpose=_("To prove that an address is yours."),
        basis=Basis.CONTRACT,
        whose="email_address__user",
        secret=("key",),
        on_deletion=ERASE,
        retention=(
            Rule(
                term=days("KEEP_SIGN_IN_LINKS_DAYS"),
                counted_from="created",
                since=_("after it was made"),
                why=_("It no longer works by then."),
            ),
        ),
    ),
    # Nothing is written to these three: whom a provider names is found by address (groups/sign_on.py).
    "socialaccount.SocialApp": None,
    "socialaccount.SocialAccount": PersonalData(
        what=_("Accounts elsewhere"),
        purpose=_("None: we keep no link to them."),
        basis=Basis.CONTRACT,
        whose="user",
        on_deletion=ERASE,
    ),
    "socialaccount.SocialToken": PersonalData(
        what=_("Keys to accounts elsewhere"),
        purpose=_("None: we keep no keys."),
        basis=Basis.CONTRACT,
        whose="account__user",
        secret=("token", "token_secret"),
        on_deletion=ERASE,
    ),
    "mfa.Authenticator": PersonalData(
        what=_("Passkeys and second factors"),
        purpose=_("To let you in without a code, or only with a second proof."),
        basis=Basis.CONTRACT,
        whose="user",
        secret=("data",),
        on_deletion=ERASE,
    ),
    "usersessions.UserSession": PersonalData(
        what=_("Where you are signed in"),
        purpose=_("To show you where your account is open, and to sign you out there."),
        basis=Basis.CONTRACT,
        whose="user",
        secret=("session_key", "data"),
        on_deletion=ERASE,
    ),
    # Found by the keys of the reader's UserSessions and, where nobody is signed in yet, by what is in it
    # (rights.sessions); it has no rows of a reader of its own.
    "sessions.Session": PersonalData(
        what=_("Sessions"),
        purpose=_("To keep you signed in, and to remember a form between two pages."),
        basis=Basis.CONTRACT,
        secret=("session_key", "session_data"),
        on_deletion=ERASE,
    ),
    "readers.User_groups": PersonalData(
        what=_("Groups of staff"),
        purpose=_("To give staff the rights that their work needs."),
        basis=Basis.INTEREST,
        whose="user",
        persons=Persons.STAFF,
        on_deletion=ERASE,
    ),
    "readers.User_user_permissions": PersonalData(
        what=_("Rights of staff"),
        purpose=_("To give staff the rights that their work needs."),
        basis=Basis.INTEREST,
        whose="user",
        persons=Persons.STAFF,
        on_deletion=ERASE,
    ),
    "admin.LogEntry": PersonalData(
        what=_("What staff did at the desk"),
        purpose=_("To know who changed what, and to mend mistakes."),
        basis=Basis.INTEREST,
        persons=Persons.STAFF,
        colleagues=("user",),
        mentions=("object_repr", "change_message"),
        on_deletion=Keep(why=_("Your address is struck out of it.")),
        retention=(DESK_LOG,),
    ),
    "django_tasks_database.DBTaskResult": PersonalData(
        what=_("What the site did by itself"),
        purpose=_("To do by itself what must be done on time, and to find faults."),
        basis=Basis.INTEREST,
        mentions=("args_kwargs", "return_value", "traceback"),
        on_deletion=Keep(why=_("Your address is struck out of it.")),
        retention=(RUNS,),
    ),
    "auth.Permission": None,
    "auth.Group": None,
    "auth.Group_permissions": None,
    "contenttypes.ContentType": None,
}
