"""All settings, and the only reader of the process environment.

A clone runs with no variable set (development). With ENVIRONMENT=production every variable without a safe
default must be set; the README has the table.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from js_asset import static_lazy

from articles.editor import NODES, SCRIPTS
from edge.colours import DEFAULTS as COLOURS
from edge.search_engines import ENGINES
from newsroom.environment import Environment

env = Environment(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent
IN_PRODUCTION = env.is_production
DEBUG = not IN_PRODUCTION

# Files the site writes: database, pictures, development mail.
VAR_DIR = Path(env.text("VAR_DIR", default=str(BASE_DIR / "var")))
if not IN_PRODUCTION:
    VAR_DIR.mkdir(parents=True, exist_ok=True)

# --- The brand: one place (docs/theming.md) --------------------------------------------------------
SITE_NAME = env.text("SITE_NAME", default="Viaduct")
# What stands at the top of each page, where that is not the name.
SITE_WORDMARK = env.text("SITE_WORDMARK")
# In a few words and in a sentence; `SITE_TAGLINE_FR` and so on say the same in another language.
SITE_TAGLINES = env.in_languages(
    "SITE_TAGLINE",
    en="Europe, independently reported",
    fr="L’Europe, en toute indépendance",
    nl="Onafhankelijk bericht uit Europa",
    de="Unabhängig aus Europa berichtet",
)
SITE_DESCRIPTIONS = env.in_languages(
    "SITE_DESCRIPTION",
    en="An independent newsroom in Brussels that makes no profit. It belongs to an association of its readers and its "
    "staff, and lives on subscriptions and on advertising that says it is advertising.",
    fr="Une rédaction indépendante à Bruxelles, sans but lucratif. Elle appartient à une association de ses lecteurs "
    "et de son équipe, et vit des abonnements et de publicités qui se disent publicités.",
    nl="Een onafhankelijke redactie in Brussel zonder winstoogmerk. Ze is van een vereniging van haar lezers en haar "
    "medewerkers, en leeft van abonnementen en van reclame die zegt dat ze reclame is.",
    de="Eine unabhängige Redaktion in Brüssel, die keinen Gewinn macht. Sie gehört einem Verein ihrer Leser und ihrer "
    "Mitarbeiter und lebt von Abonnements und von Werbung, die sagt, dass sie Werbung ist.",
)
SITE_TAGLINE, SITE_DESCRIPTION = SITE_TAGLINES["en"], SITE_DESCRIPTIONS["en"]
SITE_URL = env.url("SITE_URL", default="http://localhost:8000", required=True)
SITE_POSTAL_ADDRESS = env.text("SITE_POSTAL_ADDRESS", default="1 Example Street, 1000 Brussels")
SITE_PUBLISHER = env.text("SITE_PUBLISHER", default=f"{SITE_NAME} asbl, {SITE_POSTAL_ADDRESS}")
# Where the day's agenda on the front page takes place.
SITE_CITY = env.text("SITE_CITY", default="Brussels")
# Our pages elsewhere, with commas.
SITE_SOCIAL = env.words("SITE_SOCIAL")
# `SITE_COLOUR_BRAND="#0b5b4f #82d5b9"`, by day and by night; what is not set stays ours (edge/colours.py).
SITE_COLOURS = {name: pair for name in COLOURS if (pair := env.colour(f"SITE_COLOUR_{name.upper().replace('-', '_')}"))}
# A folder with `static/` and `templates/` whose files take the place of ours of the same name: a logo, another footer.
BRAND_DIR = env.text("BRAND_DIR")
CONTACT_EMAIL = env.text("CONTACT_EMAIL", default="readers@viaduct.example", required=True)
CORRECTIONS_EMAIL = env.text("CORRECTIONS_EMAIL", default=CONTACT_EMAIL)
ADVERTISING_EMAIL = env.text("ADVERTISING_EMAIL", default=CONTACT_EMAIL)
# Where somebody reaches us in confidence; what is not set is not offered.
TIPS_EMAIL = env.text("TIPS_EMAIL", default=CONTACT_EMAIL)
TIPS_SIGNAL = env.text("TIPS_SIGNAL")
TIPS_PGP_FINGERPRINT = env.text("TIPS_PGP_FINGERPRINT")
TIPS_ONION = env.text("TIPS_ONION")
# Who supervises the Accessibility Act here, as the accessibility statement names it.
ACCESSIBILITY_AUTHORITY = env.text(
    "ACCESSIBILITY_AUTHORITY", default="the Federal Public Service Economy, Rue du Progrès 50, 1210 Brussels"
)
GROUPS_EMAIL = env.text("GROUPS_EMAIL", default=CONTACT_EMAIL)
STUDENTS_EMAIL = env.text("STUDENTS_EMAIL", default=CONTACT_EMAIL)
# What the number of a contract begins with, as readers quote it: VD-2026-000123.
CONTRACT_PREFIX = env.text("CONTRACT_PREFIX", default="VD")

# --- Paying ----------------------------------------------------------------------------------------
LOCAL_STRIPE_KEY = "sk_test_local_sandbox"
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", default=LOCAL_STRIPE_KEY, required=True)
# Several secrets, newest first, while one is being rotated.
STRIPE_WEBHOOK_SECRETS = env.words("STRIPE_WEBHOOK_SECRETS", required=True) or ["whsec_local_sandbox"]
# Where Stripe is; only the local Stripe of development and the tests stand elsewhere.
STRIPE_API_BASE = env.text(
    "STRIPE_API_BASE", default="http://127.0.0.1:12111" if STRIPE_SECRET_KEY == LOCAL_STRIPE_KEY else ""
)
if not STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_", "sk_test_", "rk_test_")):
    env.refuse("STRIPE_SECRET_KEY", "does not look like a secret or restricted key of Stripe.")
if STRIPE_API_BASE:
    env.refuse("STRIPE_API_BASE", "must not be set in production.")
STRIPE_PAGES = (
    [STRIPE_API_BASE]
    if STRIPE_API_BASE
    else [
        "https://checkout.stripe.com",
        "https://billing.stripe.com",
        "https://invoice.stripe.com",
    ]
)
# How long one attempt may take, and how long a call may take with all its attempts and the pauses between them.
STRIPE_TIMEOUT_SECONDS = env.number("STRIPE_TIMEOUT_SECONDS", default=8, least=1)
STRIPE_BUDGET_SECONDS = env.number("STRIPE_BUDGET_SECONDS", default=20, least=1)

# Whether readers may type a promotion code on Stripe's page, and whether Stripe Tax finds the rate of VAT.
STRIPE_PROMOTION_CODES = env.flag("STRIPE_PROMOTION_CODES", default=False)
STRIPE_TAX = env.flag("STRIPE_TAX", default=False)

# --- Machines ----------------------------------------------------------------------------------------
# Mining text and data needs our leave (law.md L19); each crawler has its switch in the admin.
TDM_RESERVED = env.flag("TDM_RESERVED", default=True)
# Who knows of further pages for the sitemap: functions of a moment that give paths.
SITEMAP_SOURCES = ("newsroom.footer.added",)
# Search engines that read full texts once their address has proved them: "googlebot,bingbot".
SEARCH_CRAWLERS = tuple(word.lower() for word in env.words("SEARCH_CRAWLERS"))
if strange := set(SEARCH_CRAWLERS) - ENGINES.keys():
    env.refuse("SEARCH_CRAWLERS", f"has {sorted(strange)}; known are {', '.join(ENGINES)}.")

# How long a device that cannot ask whether its reader may still read shows the paid texts it keeps.
OFFLINE_HOURS = env.number("OFFLINE_HOURS", default=72, least=1)

# Who looks things up: the database, or OpenSearch beside it (docs/search.md).
SEARCH_ENGINE = env.choice("SEARCH_ENGINE", ("database", "opensearch"), default="database")
OPENSEARCH_URL = env.url("OPENSEARCH_URL", default="http://localhost:9200")
OPENSEARCH_CA_FILE = env.text("OPENSEARCH_CA_FILE")
OPENSEARCH_PREFIX = env.text("OPENSEARCH_PREFIX", default="newsroom")
if SEARCH_ENGINE == "opensearch":
    if find_spec("opensearchpy") is None:
        raise ImproperlyConfigured("SEARCH_ENGINE is opensearch: run pip install -r requirements/opensearch.txt first.")
    if not env.text("OPENSEARCH_URL"):
        env.refuse("OPENSEARCH_URL", "must be set where SEARCH_ENGINE is opensearch.")

# Why somebody may read: asked in this order, the first that answers counts (subscriptions/access.py).
ENTITLEMENT_SOURCES = (
    "subscriptions.access.as_staff",
    "subscriptions.access.by_subscription",
    "groups.access.by_seat",
    "subscriptions.access.by_grant",
)
# And then, without an account: because of where somebody is, or was the other day.
ENTITLEMENT_PLACES = ("groups.on_site.by_network", "groups.on_site.by_off_site_pass")
# Told of every article that somebody opened who may read it.
READING_NOTED_BY = ("groups.usage.note",)
# How often what was opened is written down, in seconds (articles/counting.py); 0: only when the process ends.
RESULTS_WRITTEN_SECONDS = env.number("RESULTS_WRITTEN_SECONDS", default=20)
# For how many hours a visitor on an organisation's network is recognised, and for how many days a pass lasts after the
# last day there.
ON_SITE_HOURS = env.number("ON_SITE_HOURS", default=12, least=1)
OFF_SITE_PASS_DAYS = env.number("OFF_SITE_PASS_DAYS", default=30, least=1)

# What a student pays for a year, gross, in cents; 0 where students read for nothing (docs/decisions.md).
STUDENT_PRICE_CENTS = env.number("STUDENT_PRICE_CENTS", default=0)

# Who else tells the desk why somebody may not read yet, or any more (subscriptions/answer.py).
ENTITLEMENT_EXPLANATIONS = ("groups.why.explained",)

# How many days after its day a contract can be undone, and whether they run once more from the first charge.
WITHDRAWAL_DAYS = env.number("WITHDRAWAL_DAYS", default=14, least=14)
WITHDRAWAL_AFTER_FIRST_CHARGE = env.flag("WITHDRAWAL_AFTER_FIRST_CHARGE", default=True)
# Whether the account's page to cancel names a pause and the other plan, below its button; the public pages never do.
SAVE_OFFER = env.flag("SAVE_OFFER", default=True)

# --- Notices and fairness (docs/billing.md, "Notices") ------------------------------------------------
# How many days before the first charge a trial is spoken of. The last reminder must leave so many full days, or the
# trial goes on longer.
TRIAL_FIRST_REMINDER_DAYS = env.number("TRIAL_FIRST_REMINDER_DAYS", default=10, least=1)
TRIAL_LAST_REMINDER_DAYS = env.number("TRIAL_LAST_REMINDER_DAYS", default=7, least=1)
# The same for the renewal of a year; and of a month, where 0 means no notice.
RENEWAL_FIRST_NOTICE_DAYS = env.number("RENEWAL_FIRST_NOTICE_DAYS", default=35, least=1)
RENEWAL_LAST_NOTICE_DAYS = env.number("RENEWAL_LAST_NOTICE_DAYS", default=16, least=2)
MONTH_NOTICE_DAYS = env.number("MONTH_NOTICE_DAYS", default=0)
# How many days lie between the news of another price and the first charge at it.
PRICE_CHANGE_NOTICE_DAYS = env.number("PRICE_CHANGE_NOTICE_DAYS", default=30, least=1)
# After so many days of putting a charge off a person has to find another way of reaching the reader.
PUT_OFF_DECISION_DAYS = env.number("PUT_OFF_DECISION_DAYS", default=60, least=1)
# Whether the unused days are given back in the first year, too, and not only after a renewal.
END_EARLY_IN_FIRST_YEAR = env.flag("END_EARLY_IN_FIRST_YEAR", default=False)
if TRIAL_LAST_REMINDER_DAYS >= TRIAL_FIRST_REMINDER_DAYS or RENEWAL_LAST_NOTICE_DAYS >= RENEWAL_FIRST_NOTICE_DAYS:
    raise ImproperlyConfigured("TRIAL_FIRST_REMINDER_DAYS and RENEWAL_FIRST_NOTICE_DAYS must be more than the last.")

# --- Agreements with organisations (docs/groups.md) ---------------------------------------------------
# Who besides the readers' own subscriptions is told what Stripe says: each answers with a remark, or None.
STRIPE_EVENT_HEARERS = ("groups.invoicing.hear",)
GROUP_QUOTE_DAYS = env.number("GROUP_QUOTE_DAYS", default=30, least=1)
# Until an invoice is due, and from then until it suspends the agreement.
GROUP_DAYS_UNTIL_DUE = env.number("GROUP_DAYS_UNTIL_DUE", default=30, least=1)
GROUP_OVERDUE_DAYS = env.number("GROUP_OVERDUE_DAYS", default=30, least=1)
# VAT on what organisations at home pay, in percent; abroad by the rules of groups/vat.py (law.md L7).
GROUP_VAT_PERCENT = env.number("GROUP_VAT_PERCENT", default=6)
SELLER_COUNTRY = env.text("SELLER_COUNTRY", default="BE").upper()
# Without these two no invoice of our own is made; development has invented ones.
SELLER_VAT_NUMBER = env.text("SELLER_VAT_NUMBER", default="" if IN_PRODUCTION else "BE0999999922")
SELLER_IBAN = env.text("SELLER_IBAN", default="" if IN_PRODUCTION else "BE71 0961 2345 6769")
SELLER_BIC = env.text("SELLER_BIC")
# What the number of an invoice of our own begins with: F2026-00012.
INVOICE_PREFIX = env.text("INVOICE_PREFIX", default="F")

# --- Safety ----------------------------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY", default="development-only-not-a-secret-" + "x" * 32, required=True)
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5:
    env.refuse("SECRET_KEY", "must be at least 50 random characters.")
# Older keys, with commas, while one is being changed: what they signed stays good, and nothing new is signed with them.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# Where the admin is; another address than everybody guesses keeps the log free of those who try.
ADMIN_PATH = env.segment("ADMIN_PATH", default="admin")
METRICS_TOKEN = env.text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    env.refuse("METRICS_TOKEN", "must be at least 20 random characters.")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
ALLOWED_HOSTS = (
    [SITE_HOST, *env.words("EXTRA_HOSTS")] if IN_PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL] if IN_PRODUCTION else []
if not SITE_URL.startswith("https://"):
    env.refuse("SITE_URL", "must begin with https:// in production.")
# The proxies in front, by network ("10.0.0.0/8,2001:db8::7"; "unix" for one behind a socket in the file system), and
# the one header in which they say who came. Only they are believed about a visitor's address (edge/address.py).
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES", also=("unix",))
FORWARDED_HEADER = env.choice("FORWARDED_HEADER", ("X-Forwarded-For", "Forwarded"), default="X-Forwarded-For")
if IN_PRODUCTION:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
    # Asked from beside the process, without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", default=63_072_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
# One account in use in more browsers than this within a day is shown to the desk.
DEVICES_AT_ONCE = env.number("DEVICES_AT_ONCE", default=6, least=1)
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "newsroom.pages.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        # The one <style> that the rich-text editor (django-prose-editor 0.28, TipTap 3) injects.
        "style-src": [SELF, "'sha256-PlumsSlvJ7vvWzjqibGAYKq92O3y/4JTxWWsWJvyUYA='"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # The order button and "change card" post to us, and are redirected to Stripe's own pages.
        "form-action": [SELF, *STRIPE_PAGES],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}

# --- Applications --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "newsroom",
    "rights",
    "articles",
    "groups",
    "subscriptions",
    "readers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.usersessions",
    "js_asset",
    "django_prose_editor",
    "csp",
    "django_tasks",
    "django_tasks_db",
    "page_cache",
]
MIDDLEWARE = [
    "edge.logs.identify",
    "edge.compression.compress",
    "edge.middleware.now",
    "edge.middleware.cache_policy",
    "edge.headers.refusals",
    "articles.crawlers.reserve_rights",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "edge.headers.trusted_types",
    "edge.nothing.refuse_zero_bytes",
    "newsroom.health.probed",
    "edge.unavailable.closed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "edge.unavailable.closed_to_readers",
    "newsroom.audit.desk.watched",
    "newsroom.seeing.as_reader",
    "edge.languages.language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "newsroom.second_factor.shown_again",
    "readers.devices.seen",
    "readers.signing_out.forget_on_device",
    "readers.known_devices.remember",
    "articles.old_addresses.lead_on",
    "page_cache.standing.stand_in",
]
if DEBUG:
    MIDDLEWARE.append("newsroom.dev.own_not_found_page")
ROOT_URLCONF = "newsroom.urls"
WSGI_APPLICATION = "newsroom.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [*([Path(BRAND_DIR) / "templates"] if BRAND_DIR else []), BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "newsroom.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "newsroom.templatetags.newsroom"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database and cache --------------------------------------------------------------------------
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'newsroom.sqlite3'}", required=True),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;",
    }
    # A file, so that the threads of a test's server have connections of their own, as in production.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
# What is counted against guessing must be counted once for all processes, and survive a restart: in Redis or Valkey
# where there is one (redis://, rediss:// or unix://), else, and for as long as it is away, in the database.
CACHE_URL = env.url("CACHE_URL", default="", schemes=("redis", "rediss", "unix")) if env.text("CACHE_URL") else ""
_WITHOUT_REDIS: dict[str, object] = (
    {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "newsroom_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
    if IN_PRODUCTION
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
)
CACHES = (
    {
        "default": {"BACKEND": "edge.redis_cache.RedisCache", "LOCATION": [CACHE_URL], "KEY_PREFIX": SITE_HOST},
        "without_redis": _WITHOUT_REDIS,
    }
    if CACHE_URL
    else {"default": _WITHOUT_REDIS}
)
# Pages for everyone are made once per change (page_cache/): how much memory a process gives them.
PAGE_CACHE_MEGABYTES = env.number("PAGE_CACHE_MEGABYTES", default=48, least=1)
PAGE_CACHE_SOURCES = "newsroom.page_sources.SOURCES"
PAGE_CACHE_GOES_IN = "newsroom.page_sources.goes_in"
PAGE_CACHE_STANDING = "newsroom.page_readers.standing_of"
# The cache in front that is told what has changed (page_cache/purging.py), and how it is reached: the addresses of each
# Varnish, or the service or zone and a token that may purge and nothing else.
PURGE_PROVIDER = env.choice("PURGE_PROVIDER", ("none", "varnish", "fastly", "cloudflare", "bunny"), default="none")
PURGE_ADDRESSES = env.urls("PURGE_ADDRESSES")
PURGE_ZONE = env.text("PURGE_ZONE")
PURGE_TOKEN = env.text("PURGE_TOKEN")
# Where the provider's API is; only tests have another one.
PURGE_API = env.text("PURGE_API")
if PURGE_API:
    env.refuse("PURGE_API", "must not be set in production.")
if PURGE_PROVIDER == "varnish" and not PURGE_ADDRESSES:
    raise ImproperlyConfigured("PURGE_ADDRESSES must be set where PURGE_PROVIDER is varnish.")
if PURGE_PROVIDER in ("fastly", "cloudflare", "bunny"):
    if not PURGE_ZONE.isalnum():
        raise ImproperlyConfigured(f"PURGE_ZONE must be the service or zone that {PURGE_PROVIDER} gave.")
    if not PURGE_TOKEN:
        raise ImproperlyConfigured(f"PURGE_TOKEN must be set where PURGE_PROVIDER is {PURGE_PROVIDER}.")
# For how many seconds a cache in front keeps a page for everyone: without a purge, that is how old it can be.
SHARED_CACHE_SECONDS = env.number("SHARED_CACHE_SECONDS", default=10 if PURGE_PROVIDER == "none" else 3600)
SESSION_ENGINE = "django.contrib.sessions.backends.db"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Jobs: what comes back stands in newsroom/jobs.py, `manage.py work` runs it ---------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Who is reading ------------------------------------------------------------------------------
AUTH_USER_MODEL = "readers.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "account"
LOGOUT_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "readers.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "request_login_code": "readers.forms.SignInForm",
    "confirm_login_code": "readers.forms.CodeForm",
}
MFA_FORMS = {"add_webauthn": "readers.forms.PasskeyForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# The password is for those who want one; without it here the page that asks for it would have no such field.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
# "Send a new code" asks for a code anew: another fifteen minutes, another five tries, the same rate limit.
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = False
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
# Beside allauth's own: how often an address may be mailed, and one code be guessed. Thirty codes of five tries
# are 150 guesses a day at an address, among a million codes.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/m/ip,3/m/key,10/h/key,30/d/key",
    # Withdrawals and cancellations from one place (readers/limits.py).
    "statement": "20/h/key",
    # Mails with a pass to one address; a whole university asks from one network (groups/on_site_views.py).
    "off_site_pass": "3/h/key,10/d/key",
    "guess_login_code": f"{ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS}/{ACCOUNT_LOGIN_BY_CODE_TIMEOUT}s/key",
    "reset_password": "20/m/ip,5/m/key,10/h/key,30/d/key",
    # Mails about a change of address: to one new address, and by one reader.
    "change_address": "3/m/key,10/h/key,30/d/key",
    "change_address_of_one": "5/m/user,20/d/user",
    "download_data": "10/h/user",
    # Questions to the desk from one place; codes to one university address, and for one reader.
    "enquiry": "10/h/key",
    "student_code": "3/m/key,10/h/key,30/d/key",
    "student_code_of_one": "5/m/user,20/d/user",
}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(SITE_URL).scheme
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SESSION_COOKIE_AGE = SESSION_COOKIE_AGE
# Only for organisations, each with its own provider (groups/sign_on.py). A link may begin it, since a form that leads
# to a strange host would need that host in the policy above.
SOCIALACCOUNT_ADAPTER = "groups.sign_on_adapter.SocialAccountAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
# After so many days whoever came by single sign-on comes that way again.
SIGN_ON_SESSION_DAYS = env.number("SIGN_ON_SESSION_DAYS", default=7, least=1)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
# Whether the admin opens to staff only once they have shown a passkey or an app (newsroom/second_factor.py).
STAFF_SECOND_FACTOR = env.flag("STAFF_SECOND_FACTOR", default=IN_PRODUCTION)
# WebAuthn wants https, except on http://localhost while developing.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG

# --- Mail --------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default=f"{SITE_NAME} <readers@viaduct.example>", required=True)
SERVER_EMAIL = env.text("SERVER_EMAIL", default=DEFAULT_FROM_EMAIL)
if IN_PRODUCTION:
    _smtp = urlsplit(env.url("SMTP_URL", default="", required=True, schemes=("smtp", "smtps", "smtp+tls")))
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _smtp.hostname, _smtp.port or {"smtps": 465, "smtp+tls": 587}.get(_smtp.scheme, 25)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _smtp.username or "", _smtp.password or ""
    EMAIL_USE_SSL, EMAIL_USE_TLS = _smtp.scheme == "smtps", _smtp.scheme == "smtp+tls"
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "newsroom.dev_mail.FolderBackend"
DEV_MAIL_DIR = VAR_DIR / "mail"
# What the mail server is given at most where many letters wait (readers/letters/rounds.py); 0: as fast as it can.
LETTERS_A_MINUTE = env.number("LETTERS_A_MINUTE", default=0)

# --- Files -------------------------------------------------------------------------------------------
# While this file is there, every page says that the site is being worked on, but to staff who are signed in. A number
# in it: for how many seconds. The word `nobody`: not to staff either.
MAINTENANCE_FILE = env.text("MAINTENANCE_FILE", default=str(VAR_DIR / "maintenance"))
STATIC_URL = "/static/"
# Of the version that runs: an image brings its own, whatever stands in VAR_DIR.
STATIC_ROOT = Path(env.text("STATIC_DIR", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [
    *([Path(BRAND_DIR) / "static"] if BRAND_DIR else []),
    BASE_DIR / "newsroom" / "static",
]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "edge.whole_files.WholeFiles"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IN_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
DJANGO_PROSE_EDITOR_EXTENSIONS = [
    {"js": [static_lazy(script) for script in SCRIPTS], "extensions": NODES},
]

# --- Backups (docs/operating.md) -----------------------------------------------------------------------
# Where backups are kept: with this and a key, the worker makes one every night.
BACKUP_DIR = env.text("BACKUP_DIR")
# What backups are sealed with, here or in a file; several with commas: the first seals, all open.
BACKUP_KEYS = env.words("BACKUP_KEY")
BACKUP_KEY_FILE = env.text("BACKUP_KEY_FILE")
# How many of them stay.
BACKUP_KEEP = env.number("BACKUP_KEEP", default=14, least=1)
# After so many hours without one, the state of the site says that somebody has to look.
BACKUP_HOURS = env.number("BACKUP_HOURS", default=26, least=1)

# --- Language and time -----------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
# The languages of the pages and letters around the news; which one is spoken is decided in edge/languages.py.
LANGUAGES = [("en-gb", "English"), ("fr", "Français"), ("nl", "Nederlands"), ("de", "Deutsch")]
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "newsroom" / "locale"]
USE_TZ = True
# Everything is stored and compared in UTC and shown in Brussels time.
TIME_ZONE = "Europe/Brussels"
FORMAT_MODULE_PATH = "newsroom.formats"
# Development only: the local Stripe writes how many seconds its clock is ahead, and the site follows.
CLOCK_OFFSET_FILE = env.text("CLOCK_OFFSET_FILE")
if CLOCK_OFFSET_FILE:
    env.refuse("CLOCK_OFFSET_FILE", "must not be set in production.")

# --- How long things are kept: days, or calendar years after the one they happened in -----------------------
# What is kept of whom, and why, stands at the models (edge/personal_data.py); readers see it at /privacy/retention/.
KEEP_BOOKS_YEARS = env.number("KEEP_BOOKS_YEARS", default=7, least=1)
KEEP_CONTRACTS_YEARS = env.number("KEEP_CONTRACTS_YEARS", default=10, least=1)
KEEP_TRIALS_DAYS = env.number("KEEP_TRIALS_DAYS", default=3 * 365, least=1)
KEEP_GRANTS_DAYS = env.number("KEEP_GRANTS_DAYS", default=3 * 365, least=1)
KEEP_SEATS_DAYS = env.number("KEEP_SEATS_DAYS", default=365, least=1)
KEEP_INVITATIONS_DAYS = env.number("KEEP_INVITATIONS_DAYS", default=90, least=1)
KEEP_INVITATION_LISTS_DAYS = env.number("KEEP_INVITATION_LISTS_DAYS", default=30, least=1)
KEEP_ENQUIRIES_DAYS = env.number("KEEP_ENQUIRIES_DAYS", default=2 * 365, least=1)
KEEP_SUSPECTS_DAYS = env.number("KEEP_SUSPECTS_DAYS", default=30, least=1)
KEEP_STUDENTS_DAYS = env.number("KEEP_STUDENTS_DAYS", default=2 * 365, least=400)
KEEP_PROOFS_DAYS = env.number("KEEP_PROOFS_DAYS", default=30, least=1)
KEEP_LETTERS_DAYS = env.number("KEEP_LETTERS_DAYS", default=2 * 365, least=1)
KEEP_UNFINISHED_ORDERS_DAYS = env.number("KEEP_UNFINISHED_ORDERS_DAYS", default=90, least=2)
KEEP_STRIPE_EVENT_CONTENTS_DAYS = env.number("KEEP_STRIPE_EVENT_CONTENTS_DAYS", default=90, least=7)
KEEP_STRIPE_EVENTS_DAYS = env.number("KEEP_STRIPE_EVENTS_DAYS", default=400, least=30)
KEEP_FINDINGS_DAYS = env.number("KEEP_FINDINGS_DAYS", default=90, least=1)
KEEP_DESK_LOG_DAYS = env.number("KEEP_DESK_LOG_DAYS", default=2 * 365, least=1)
# Longer than the year within which the database lets nobody delete them (newsroom/audit/held.py).
KEEP_AUDIT_DAYS = env.number("KEEP_AUDIT_DAYS", default=3 * 365, least=366)
KEEP_SIGN_IN_LINKS_DAYS = env.number("KEEP_SIGN_IN_LINKS_DAYS", default=30, least=1)
KEEP_ADDRESS_CHANGES_DAYS = env.number("KEEP_ADDRESS_CHANGES_DAYS", default=180, least=7)
KEEP_CONSENTS_DAYS = env.number("KEEP_CONSENTS_DAYS", default=3 * 365, least=30)
KEEP_GIFTS_DAYS = env.number("KEEP_GIFTS_DAYS", default=90, least=31)
KEEP_HISTORY_DAYS = env.number("KEEP_HISTORY_DAYS", default=365, least=1)
KEEP_OFF_SITE_PASSES_DAYS = env.number("KEEP_OFF_SITE_PASSES_DAYS", default=30, least=1)
# Which articles people of a group opened: counted every night, and gone.
KEEP_OPENINGS_DAYS = env.number("KEEP_OPENINGS_DAYS", default=2, least=2)
# How many a person opened on a day: core readers of thirty days, and the sum of the month before.
KEEP_PERSON_DAYS_DAYS = env.number("KEEP_PERSON_DAYS_DAYS", default=62, least=62)
KEEP_RUNS_DAYS = env.number("KEEP_RUNS_DAYS", default=14, least=1)
KEEP_WORKING_COPIES_DAYS = env.number("KEEP_WORKING_COPIES_DAYS", default=30, least=1)
KEEP_UNPROVED_DAYS = env.number("KEEP_UNPROVED_DAYS", default=2, least=1)
KEEP_UNFINISHED_SIGN_INS_DAYS = 1
KEEP_LAST_LETTERS_DAYS = 7
# Whom the register of processing (GDPR Art. 30) names as those who work for us.
STRIPE_COMPANY = env.text("STRIPE_COMPANY", default="Stripe Payments Europe, Limited (Ireland)")
MAIL_PROVIDER = env.text("MAIL_PROVIDER", default="the mail server of the newsroom")
HOSTING_PROVIDER = env.text("HOSTING_PROVIDER", default="the server of the newsroom")
DATA_PROTECTION_CONTACT = env.text("DATA_PROTECTION_CONTACT", default=CONTACT_EMAIL)

# --- Errors ------------------------------------------------------------------------------------------
# Where errors are reported to (newsroom/error_reports.py), and what this version is called there.
SENTRY_DSN = env.text("SENTRY_DSN")
RELEASE = env.text("RELEASE")
if SENTRY_DSN and not urlsplit(SENTRY_DSN).username:
    raise ImproperlyConfigured("SENTRY_DSN must be an address like https://key@host/number.")

# --- Logs --------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "edge.logs.Line", "format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "edge.logs.Json"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env.choice("LOG_FORMAT", ("line", "json"), default="json" if IN_PRODUCTION else "line"),
        }
    },
    "root": {
        "handlers": ["console"],
        "level": env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO"),
    },
}
