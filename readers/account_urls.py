"""Coming in and going out: our own pages first, allauth's for the rest."""

from django.urls import include, path

from . import address_views, security_views, views

urlpatterns = [
    path("login/code/", views.SignIn.as_view(), name="account_request_login_code"),
    path("login/code/confirm/", views.TypeCode.as_view(), name="account_confirm_login_code"),
    path("signup/", views.sign_up, name="account_signup"),
    path("sign-in/<str:token>/", views.sign_in_link, name="sign_in_link"),
    path("2fa/webauthn/add/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    # Ours took the place of these two.
    path("email/", address_views.account_email, name="account_email"),
    path("sessions/", security_views.usersessions_list, name="usersessions_list"),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
]
