"""How allauth's log-in with another account behaves here: only for organisations, and by our own rules."""

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from edge import clock, languages
from edge.http import now_of

from . import seating, sign_on
from .models import SignOn

log = logging.getLogger(__name__)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Providers are those of agreements; whom they name is looked up by address, and no link is stored."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one that is asked for by name. Nobody is given a list of who our customers are."""
        if not provider:
            return []
        at = now_of(request) if hasattr(request, "now") else clock.now()
        return list(sign_on.apps(provider=provider, client_id=client_id, at=at))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Never: whoever may come in is known once `pre_social_login` is through."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Put the reader in whom the provider means. Raises ImmediateHttpResponse with a page for who is refused."""
        row = _row_of(sociallogin.provider)
        try:
            # To tie an account at work to another account here would let the organisation into that one.
            if sociallogin.state.get("process") not in (None, "login"):
                raise sign_on.Refused(sign_on.Refusal.FOREIGN)
            said = _said(row, sociallogin)
            found = sign_on.welcome(row, said, language=languages.remembered(), at=now_of(request))
        except sign_on.Refused as refused:
            raise ImmediateHttpResponse(_refusal(request, row, refused.why.in_words(), status=403)) from refused
        sociallogin.user = found.reader
        if found.ended_because in seating.TAKEN_AWAY:
            messages.warning(request, _("Somebody removed you from this group. Please ask to be invited again."))
        elif not found.has_seat and not found.ended_because:
            words = _("Every seat of %(organisation)s is taken. Ask whoever looks after your group for one.")
            messages.warning(request, words % {"organisation": row.group.organisation})

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """The reason for the log, and for the reader a page with a way on. Raises ImmediateHttpResponse."""
        row, why = _row_of(provider), (extra_context or {}).get("saml_last_error_reason") or exception or error
        log.warning("Single sign-on %s did not go through: %s", row.slug, why)
        words = _("The log-in of your organisation did not go through. Please try again.")
        raise ImmediateHttpResponse(_refusal(request, row, words, status=401))


def _row_of(provider: Any) -> SignOn:
    return SignOn.objects.in_use().select_related("group").get(slug=provider.app.provider_id)


def _refusal(request: HttpRequest, row: SignOn, why: str, *, status: int) -> HttpResponse:
    context = {"why": why, "organisation": row.group.organisation, "slug": row.slug}
    return render(request, "groups/sign_on_refused.html", context, status=status)


def _said(row: SignOn, sociallogin: SocialLogin) -> sign_on.Said:
    data = sociallogin.account.extra_data
    if not row.is_saml:
        return sign_on.told_by_claims(row, data)
    named = sociallogin.email_addresses
    return sign_on.told_by_saml(named[0].email if named else "", data)


class OpenIDConnectAdapter(OpenIDConnectOAuth2Adapter):
    """Believes an ID token by its signature, whichever way it came; asks for more only where it names no address."""

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        """The claims of the ID token. Raises OAuth2Error where there is none, or it is not the provider's."""
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("The provider sent no ID token.")
        # allauth would take one unchecked that it fetched itself.
        self.did_fetch_access_token = False
        claims = self._decode_id_token(app, id_token)
        if not claims.get("email") and self.openid_config.get("userinfo_endpoint"):
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("The provider speaks of somebody else.")
            claims = {**more, **claims}
        return self.get_provider().sociallogin_from_response(request, claims)


def shorten_session(sender: Any, request: HttpRequest, sociallogin: SocialLogin | None = None, **more: Any) -> None:
    """Who came by single sign-on comes that way again before long, so that leavers are noticed (allauth signal)."""
    if sociallogin is not None:
        request.session.set_expiry(settings.SIGN_ON_SESSION_DAYS * 24 * 60 * 60)
