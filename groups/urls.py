"""The seats of a group: the pages of those who look after them, and of those who sit there."""

from django.urls import path

from . import joining_views as joining
from . import list_views as lists
from . import manager_views as manager

urlpatterns = [
    path("", manager.groups, name="groups"),
    path("invitation/<str:token>/", joining.invitation, name="group_invitation"),
    path("join/", joining.join, name="group_join"),
    path("join/<str:token>/", joining.join_by_link, name="group_join_link"),
    path("leave/", joining.leave, name="group_leave"),
    path("still-there/<str:token>/", joining.still_there, name="group_still_there"),
    path("<int:group_id>/", manager.group, name="group"),
    path("<int:group_id>/people/", manager.people, name="group_people"),
    path("<int:group_id>/people.csv", manager.people_csv, name="group_people_csv"),
    path("<int:group_id>/invite/", lists.invite, name="group_invite"),
    path("<int:group_id>/lists/<int:list_id>/", lists.one_list, name="group_list"),
    path("<int:group_id>/lists/<int:list_id>/lines.csv", lists.lines_csv, name="group_list_csv"),
    path("<int:group_id>/invitations/<int:invitation_id>/again/", manager.send_again, name="group_send_again"),
    path("<int:group_id>/invitations/<int:invitation_id>/withdraw/", manager.withdraw, name="group_withdraw"),
    path("<int:group_id>/seats/<int:seat_id>/remove/", manager.remove, name="group_remove"),
    path("<int:group_id>/seats/<int:seat_id>/pass-on/", manager.pass_on, name="group_pass_on"),
    path("<int:group_id>/seats/<int:seat_id>/manage/", manager.make_manager, name="group_make_manager"),
    path("<int:group_id>/unused/", manager.unused, name="group_unused"),
    path("<int:group_id>/managers/", manager.invite_manager, name="group_invite_manager"),
    path("<int:group_id>/managers/<int:manager_id>/end/", manager.end_manager, name="group_end_manager"),
    path("<int:group_id>/domains/", manager.domains, name="group_domains"),
    path("<int:group_id>/domains/add/", manager.add_domain, name="group_add_domain"),
    path("<int:group_id>/link/", manager.make_link, name="group_make_link"),
    path("<int:group_id>/link/close/", manager.close_link, name="group_close_link"),
    path("<int:group_id>/more-seats/", manager.more_seats, name="group_more_seats"),
]
