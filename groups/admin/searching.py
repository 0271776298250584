"""How the desk finds a row among hundreds of thousands: by the beginning of an address, or by the organisation."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ..models import GroupAccount

# Of an organisation's name so short that more have it, nobody could tell apart what was found.
MOST = 500


class ByAddressOrOrganisation(admin.ModelAdmin):
    """For admins of rows with an address and a group. Each half of the question has an index of its own."""

    address_field = "address"
    search_fields = ("address",)
    search_help_text = "The beginning of an address, or the organisation"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows whose address begins so, and those of organisations with these words in their names."""
        words = search_term.strip()
        if not words:
            return queryset, False
        named = GroupAccount.objects.filter(organisation__icontains=words).values_list("pk", flat=True)[:MOST]
        begins = Q((f"{self.address_field}__startswith", words.casefold()))
        return queryset.filter(begins | Q(group__in=list(named))), False
