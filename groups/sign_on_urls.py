"""What identity providers talk to. In one language, since these addresses stand in their settings."""

from allauth.socialaccount.providers.saml import views as saml
from django.urls import path

from . import sign_on_views

urlpatterns = [
    path("oidc/<slug:provider_id>/login/", sign_on_views.oidc_login, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", sign_on_views.oidc_callback, name="openid_connect_callback"),
    path("saml/<slug:organization_slug>/login/", saml.login, name="saml_login"),
    path("saml/<slug:organization_slug>/acs/", sign_on_views.saml_acs, name="saml_acs"),
    path("saml/<slug:organization_slug>/acs/finish/", sign_on_views.saml_finish, name="saml_finish_acs"),
    path("saml/<slug:organization_slug>/sls/", saml.sls, name="saml_sls"),
    path("saml/<slug:organization_slug>/metadata/", saml.metadata, name="saml_metadata"),
]
