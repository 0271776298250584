"""The table of contents of the site."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from edge.languages import in_every_language

from . import brand, health, installing, metrics, pages, second_factor, seeing, state_desk, why_desk

# Before admin.site.urls is read, or staff would sign in past the rate limits and second factors.
admin.site.login = second_factor.asked_for(secure_admin_login(admin.site.login))  # type: ignore[method-assign]
admin.site.has_permission = second_factor.required(admin.site.has_permission)  # type: ignore[method-assign,assignment]

handler400 = "edge.unavailable.misunderstood"
handler500 = "edge.unavailable.trouble"
urlpatterns = [
    path(f"{settings.ADMIN_PATH}/second-factor/", second_factor.second_factor, name="second_factor"),
    path(f"{settings.ADMIN_PATH}/why/", admin.site.admin_view(why_desk.why), name="why"),
    path(f"{settings.ADMIN_PATH}/state/", admin.site.admin_view(state_desk.state_of_the_site), name="state"),
    path(f"{settings.ADMIN_PATH}/see-as/<int:reader_id>/", admin.site.admin_view(seeing.begin), name="see_as"),
    path(f"{settings.ADMIN_PATH}/see-as/stop/", admin.site.admin_view(seeing.stop), name="see_as_stop"),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("stripe/", include("subscriptions.stripe_urls")),
    *([path("dev/", include("newsroom.dev_urls"))] if settings.DEBUG else []),
    path("favicon.ico", pages.icon),
    path("brand-<str:digest>.css", brand.stylesheet, name="brand"),
    path("accounts/", include("groups.sign_on_urls")),
    path("manifest.webmanifest", installing.manifest, name="manifest"),
    *in_every_language(
        path("accounts/", include("readers.account_urls")),
        path("account/", include("subscriptions.account_urls")),
        path("account/", include("readers.urls")),
        path("account/", include("articles.account_urls")),
        path("newsletters/", include("readers.newsletter_urls")),
        path("subscribe/", include("subscriptions.urls")),
        path("on-site/", include("groups.on_site_urls")),
        path("group/", include("groups.usage_urls")),
        path("sign-on/", include("groups.sign_on_pages")),
        path("group/", include("groups.contract_urls")),
        path("group/", include("groups.urls")),
        path("terms/", include("subscriptions.terms_urls")),
        path("", include("groups.request_urls")),
        path("", include("rights.urls")),
        path("", include("newsroom.page_urls")),
    ),
    path("", include("articles.urls")),
]
