"""The desk's pages of single sign-on, and of how much groups read."""

from typing import Any, cast

import allauth.socialaccount.admin  # noqa: F401 - registers what is taken away below
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from edge.desk import MirrorAdmin
from edge.http import now_of
from readers.models import User

from ..models import Domain, GroupEvent, MonthOfUse, SignOn, SignOnDomain

# allauth's own tables stay empty: providers are those of agreements.
for model in (SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class SignOnForm(forms.ModelForm):
    """What their IT sent us. A secret that is kept is not shown again; an empty field keeps it."""

    secret = forms.CharField(
        label="client secret",
        required=False,
        max_length=500,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="OpenID Connect. Leave it empty to keep the one we have.",
    )

    class Meta:
        model = SignOn
        exclude = ("changed_at", "changed_by", "last_used_on", "domains")

    def clean_secret(self) -> str:
        """The new secret, or the one that is kept."""
        return self.cleaned_data["secret"] or (self.instance.secret if self.instance.pk else "")


class DomainInline(admin.TabularInline):
    """For which domains the provider is believed: whom it names there is let into that account."""

    model = SignOnDomain
    extra = 1
    verbose_name_plural = "domains that we have seen to be theirs"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever keeps the sign-on keeps its domains."""
        return request.user.has_perm("groups.change_signon")

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "domain":
            match = request.resolver_match
            pk = match.kwargs.get("object_id") if match else None
            kwargs["queryset"] = Domain.objects.kept().filter(group__sign_ons=pk) if pk else Domain.objects.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(SignOn)
class SignOnAdmin(admin.ModelAdmin):
    """An organisation's own log-in. Save it, confirm its domains, send their IT the page, then switch it on."""

    form = SignOnForm
    list_display = ("group", "kind", "slug", "is_on", "last_used_on")
    list_filter = ("is_on", "kind")
    list_select_related = ("group",)
    search_fields = ("slug", "group__organisation")
    autocomplete_fields = ("group",)
    readonly_fields = ("for_their_it", "last_used_on", "changed_at", "changed_by")

    @admin.display(description="page for their IT")
    def for_their_it(self, row: SignOn) -> str:
        if not row.pk:
            return "Once it is saved."
        url = reverse("sign_on_set_up", args=[row.slug])
        return format_html('<a href="{}">{}</a>', url, url)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [DomainInline] if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # What stands in their settings cannot be changed here alone.
        return (*self.readonly_fields, "group", "kind", "slug") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: SignOn, form: Any, change: bool) -> None:
        """Keep it, with who and when; the secret goes into no log."""
        obj.changed_at, obj.changed_by = now_of(request), cast(User, request.user)
        super().save_model(request, obj, form, change)
        verb = "changed single sign-on" if change else "set single sign-on up"
        GroupEvent.note(obj.group, request.user, verb, at=obj.changed_at, kind=obj.kind, on=obj.is_on)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Keep the domains, and note which ones the provider speaks for from now on."""
        super().save_formset(request, form, formset, change)
        if formset.has_changed():
            names = list(form.instance.domains.values_list("name", flat=True))
            at = now_of(request)
            GroupEvent.note(form.instance.group, request.user, "confirmed domains for sign-on", at=at, domains=names)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(MonthOfUse)
class MonthOfUseAdmin(MirrorAdmin):
    """How much groups read, as they see it: nothing of fewer than five people."""

    list_display = ("group", "month", "section", "people", "readers", "core_readers", "articles", "times")
    list_filter = ("month",)
    list_select_related = ("group",)
    search_fields = ("group__organisation",)
    show_full_result_count = False
    date_hierarchy = "month"
