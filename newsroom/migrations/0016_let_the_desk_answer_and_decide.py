"""The subscription desk answers what people ask, decides about students, and sees what was paid once."""

from django.db import migrations

from newsroom.rights import give

make = give(
    {
        "Subscription desk": {
            "groups": "view_enquiry change_enquiry view_answertemplate add_answertemplate change_answertemplate "
            "delete_answertemplate view_studentapplication change_studentapplication view_academicdomain "
            "add_academicdomain change_academicdomain delete_academicdomain",
            "subscriptions": "view_purchase change_purchase",
        }
    }
)


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0015_let_the_desk_keep_agreements"),
        ("groups", "0003_enquiries_and_students"),
        ("subscriptions", "0013_things_paid_once"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
