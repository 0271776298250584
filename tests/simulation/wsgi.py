"""The site on the stage, as granian serves it: the real one, with the stage's clock."""

import os

from django.core.wsgi import get_wsgi_application

from tests.simulation import clock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.simulation.settings")
application = get_wsgi_application()
clock.rule()
