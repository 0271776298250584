from django.contrib.auth.decorators import login_required
from django.shortcuts import render


def plans(request):
    return render(request, "subscriptions/plans.html")


@login_required
def account(request):
    return render(request, "subscriptions/account.html")
