"""The reader's own account: what keeps it safe, its address, and what the reader chose."""

from django.urls import path

from . import address_views, choice_views, security_views, views

urlpatterns = [
    path("security/", security_views.security, name="security"),
    path("security/passkey/", views.passkey_accept, name="passkey_accept"),
    path("security/passkey/later/", views.passkey_later, name="passkey_later"),
    path("security/password/remove/", security_views.remove_password, name="remove_password"),
    path("security/proof/", security_views.ProveByCode.as_view(), name="prove_by_code"),
    path("language/", views.choose_language, name="choose_language"),
    path("devices/", security_views.device_list, name="devices"),
    path("devices/others/", security_views.end_other_devices, name="end_other_devices"),
    path("devices/<int:pk>/", security_views.end_device, name="end_device"),
    path("email/", address_views.change_address, name="change_address"),
    path("email/code/", address_views.type_address_code, name="type_address_code"),
    path("email/again/", address_views.send_address_code, name="send_address_code"),
    path("email/keep/", address_views.drop_address_change, name="drop_address_change"),
    path("email/old/<str:token>/", address_views.old_address, name="address_change_old"),
    path("email/old/<str:token>/stop/", address_views.stop_address_change, name="stop_address_change"),
    path("choices/", choice_views.choose, name="choices"),
]
